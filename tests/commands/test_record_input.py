"""A record as an assistant gives it: what is understood, and what is not taken for granted."""

from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.commands.records.record_check import normalised, read_record_input, wants_modeller
from provena_mcp.rules.records.references import references
from provena_mcp.wire.items import JsonObject

_NAMES = [
    "workflow_template_id",
    "inputs",
    "outputs",
    "annotations",
    "display_name",
    "description",
    "study_id",
    "associations",
    "start_time",
    "end_time",
    "modeller_id",
    "requesting_organisation_id",
    "dataset_id",
    "dataset_template_id",
    "resources",
]


def test_handles_are_plain_wherever_a_record_has_them():
    read = normalised(
        {
            "workflow_template_id": " https://hdl.handle.net/10378.1/5 ",
            "study_id": "hdl:10378.1/9",
            "inputs": [{"dataset_template_id": "hdl:10378.1/3", "dataset_id": "10378.1/1"}, "nonsense"],
            "outputs": "none",
            "associations": {"modeller_id": "hdl:10378.1/7", "requesting_organisation_id": ""},
            "display_name": "hdl:10378.1/5",
        }
    )
    assert read == {
        "workflow_template_id": "10378.1/5",
        "study_id": "10378.1/9",
        "inputs": [{"dataset_template_id": "10378.1/3", "dataset_id": "10378.1/1"}, "nonsense"],
        "outputs": "none",
        "associations": {"modeller_id": "10378.1/7", "requesting_organisation_id": ""},
        "display_name": "hdl:10378.1/5",
    }


def test_a_name_where_an_id_belongs_is_kept_to_be_looked_for():
    read = normalised({"study_id": " Reef futures ", "associations": {"modeller_id": "Jane Doe"}})
    assert read == {"study_id": "Reef futures", "associations": {"modeller_id": "Jane Doe"}}


def test_the_default_modeller_stands_in_only_where_none_is_given():
    assert normalised({}, "jane") == {"associations": {"modeller_id": "jane"}}
    assert normalised({"associations": {"modeller_id": ""}}, "jane") == {
        "associations": {"modeller_id": "jane"}
    }
    assert "associations.modeller_id" in read_record_input({}).missing
    named: JsonObject = {"associations": {"modeller_id": "joe", "requesting_organisation_id": "org"}}
    assert normalised(named, "jane") == named
    given: list[JsonObject] = [{}, {"associations": None}, {"associations": "x"}, named]
    assert [wants_modeller(raw) for raw in given] == [
        True,
        True,
        False,
        False,
    ]


def test_unknown_fields_are_problems_at_every_level():
    read = read_record_input(
        {
            "displayname": "x",
            "associations": {"modeler_id": "jane"},
            "inputs": [{"dataset": "10378.1/1"}],
            "zzz": 1,
        }
    )
    assert [(each.path, [c.id for c in each.candidates][:1]) for each in read.problems] == [
        ("displayname", ["display_name"]),
        ("zzz", []),
        ("associations.modeler_id", ["modeller_id"]),
        ("inputs[0].dataset", ["dataset_id"]),
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_NAMES, "other"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*_NAMES, "other"]), _JSON, max_size=8))
def test_any_json_object_is_read_and_what_is_no_record_is_said_to_be_so(raw: JsonObject):
    draft = read_record_input(raw, "jane")
    assert draft.record is None or not draft.missing
    assert ("other" in raw) <= any(each.path == "other" for each in draft.problems)
    references(draft.run, {})
