"""Which workflow template a recorded run follows, and which of its places each file takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from provena_mcp.commands.drafts.identities import Identity, model_of
from provena_mcp.commands.drafts.roles import Role, pattern_of, program_of, words_of
from provena_mcp.crates.recorded_runs import RecordedRun
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.annotations import PROGRAM, hashed_files
from provena_mcp.wire.items import WorkflowTemplateItem

# How much a sign weighs that a role takes a place; below _SURE a person has to look.
_HANDLE: Final = 5
_SAME_PROGRAM: Final = 4
_SAME_DATASET: Final = 3
_NAME: Final = 2
_ONLY: Final = 1
_SURE: Final = _SAME_DATASET


@dataclass(frozen=True, slots=True)
class Fit:
    """A workflow template, the dataset template of each role by its place in the list, and how sure that is.

    Attributes:
        why: What speaks for the template, in words.
        placed: Template id and weight by the number of the role.
        left: Required dataset templates that no file takes.
    """

    template: WorkflowTemplateItem
    why: str
    is_sure: bool
    placed: Mapping[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])
    left: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """What speaks for it: places known surely, then by name; each that is left speaks against it."""
        return sum(weight for _, weight in self.placed.values()) - 3 * len(self.left)

    @property
    def weakest(self) -> int:
        """The least that speaks for any of its places."""
        return min((weight for _, weight in self.placed.values()), default=0)

    def unsure(self, number: int) -> bool:
        """Whether the place of a role was only guessed."""
        return number in self.placed and self.placed[number][1] < _SURE


@dataclass(frozen=True)
class TemplateFits:
    """Fits runs to the workflow templates of a registry; what its runs show is gathered once."""

    view: RegistryView

    def of(
        self,
        run: RecordedRun,
        roles: Sequence[Role],
        datasets: Mapping[int, Identity],
        chosen: str | None = None,
    ) -> tuple[Fit, ...]:
        """Workflow templates that a run may follow, best first; one that the document names is the only one.

        Args:
            run: As recorded.
            roles: All its roles, inputs and outputs.
            datasets: The registered dataset of a role, by the number of the role.
            chosen: The only one to consider; ``new`` for none of them.

        Raises:
            ArgumentError: There is no such template.
        """
        view = self.view
        if chosen is not None:
            return () if chosen == "new" else (self._chosen(chosen, roles, datasets),)
        named = run.template.handle if run.template else None
        if named is not None and named in view.workflows:
            return (self._placed(view.workflows[named], "the document names it", roles, datasets, True),)
        used = {each.record.workflow_template_id for each in view.runs_with(PROGRAM, program_of(run))}
        model = model_of(run.software[0], view) if run.software else None
        found: list[Fit] = []
        for template in view.workflows.values():
            if template.id in used:
                why = "earlier runs of this program followed it"
                found.append(self._placed(template, why, roles, datasets, True))
            elif model is not None and template.software_id == model.id:
                why = f"it runs this model, known by its {model.by}"
                found.append(self._placed(template, why, roles, datasets, False))
            else:
                fit = self._placed(template, "its places fit these files", roles, datasets, False)
                if roles and not fit.left and len(fit.placed) == len(roles) and fit.weakest >= _NAME:
                    found.append(fit)
        return tuple(sorted(found, key=lambda fit: (fit.template.id not in used, -fit.weight)))

    def _chosen(self, template_id: str, roles: Sequence[Role], datasets: Mapping[int, Identity]) -> Fit:
        template = self.view.workflows.get(parse_handle(template_id, "answers"))
        if template is None:
            raise ArgumentError(
                f"The registry has no workflow template {template_id[:60]!r}.",
                parameter="answers",
                advice="Give the handle of one, or new to have one made; list_items lists them.",
            )
        return self._placed(template, "it was chosen", roles, datasets, True)

    def _placed(
        self,
        template: WorkflowTemplateItem,
        why: str,
        roles: Sequence[Role],
        datasets: Mapping[int, Identity],
        is_sure: bool,
    ) -> Fit:
        """Give every role the place that most speaks for it, each once; what is left over may fit too."""
        placed: dict[int, tuple[str, int]] = {}
        left: list[str] = []
        for side, places in (("input", template.input_templates), ("output", template.output_templates)):
            numbers = [number for number, role in enumerate(roles) if role.side == side]
            weighed = [
                (
                    self._weight(roles[number], place.template_id, datasets.get(number), template),
                    number,
                    place,
                )
                for number in numbers
                for place in places
            ]
            taken: set[str] = set()
            for weight, number, place in sorted(weighed, key=lambda each: (-each[0], each[1])):
                if weight and number not in placed and place.template_id not in taken:
                    placed[number] = (place.template_id, weight)
                    taken.add(place.template_id)
            others = [number for number in numbers if number not in placed]
            free = [place for place in places if place.template_id not in taken]
            if len(others) == len(free) == 1:
                placed[others[0]] = (free.pop().template_id, _ONLY)
            left += [place.template_id for place in free if not place.optional]
        return Fit(template, why, is_sure, placed, tuple(left))

    def _weight(
        self, role: Role, template_id: str, dataset: Identity | None, workflow: WorkflowTemplateItem
    ) -> int:
        if role.first.template is not None and role.first.template.handle == template_id:
            return _HANDLE
        if (workflow.id, role.side, role.pattern, template_id) in self._taken:
            return _SAME_PROGRAM
        if dataset is not None and template_id in self.view.templates_of.get(dataset.id, ()):
            return _SAME_DATASET
        template = self.view.dataset_templates.get(template_id)
        if template is None:
            return 0
        paths = {pattern_of(each.path.rpartition("/")[2]) for each in template.defined_resources}
        keys = " ".join(each.key for each in template.deferred_resources)
        shared = role.words & (words_of(template.display_name or "") | words_of(keys))
        return _NAME if shared or role.pattern in paths else 0

    @cached_property
    def _taken(self) -> frozenset[tuple[str, str, str, str]]:
        """Which places of which workflow templates files of a pattern have taken in registered runs."""
        return frozenset(
            (run.record.workflow_template_id, file.role, pattern_of(file.name), each.dataset_template_id)
            for run in self.view.runs
            for file in hashed_files(run.record.annotations)
            for each in (run.record.inputs if file.role == "input" else run.record.outputs)
            if file.dataset_id in (None, each.dataset_id)
        )
