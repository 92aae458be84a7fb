"""A record as an assistant gives it: what is understood, and what is not taken for granted."""

from provena_mcp.commands.reading import read_given, wants_modeller


def test_handles_are_plain_wherever_a_record_has_them():
    given = read_given(
        {
            "workflow_template_id": " https://hdl.handle.net/10378.1/5 ",
            "study_id": "hdl:10378.1/9",
            "inputs": [{"dataset_template_id": "hdl:10378.1/3", "dataset_id": "10378.1/1"}, "nonsense"],
            "outputs": "none",
            "associations": {"modeller_id": "hdl:10378.1/7", "requesting_organisation_id": ""},
            "display_name": "hdl:10378.1/5",
        }
    )
    assert given.raw == {
        "workflow_template_id": "10378.1/5",
        "study_id": "10378.1/9",
        "inputs": [{"dataset_template_id": "10378.1/3", "dataset_id": "10378.1/1"}, "nonsense"],
        "outputs": "none",
        "associations": {"modeller_id": "10378.1/7", "requesting_organisation_id": ""},
        "display_name": "hdl:10378.1/5",
    }


def test_a_name_where_an_id_belongs_is_kept_to_be_looked_for():
    assert read_given({"study_id": " Reef futures "}).raw == {"study_id": "Reef futures"}


def test_the_default_modeller_stands_in_only_where_none_is_given():
    assert read_given({}, "jane").raw == {"associations": {"modeller_id": "jane"}}
    assert read_given({"associations": {"modeller_id": ""}}, "jane").raw == {
        "associations": {"modeller_id": "jane"}
    }
    named = {"associations": {"modeller_id": "joe", "requesting_organisation_id": "org"}}
    assert read_given(named, "jane").raw == named
    assert [wants_modeller(raw) for raw in ({}, {"associations": None}, {"associations": "x"}, named)] == [
        True,
        True,
        False,
        False,
    ]


def test_unknown_fields_are_problems_at_every_level():
    given = read_given(
        {
            "displayname": "x",
            "associations": {"modeler_id": "jane"},
            "inputs": [{"dataset": "10378.1/1"}],
            "zzz": 1,
        }
    )
    assert [(each.path, [c.id for c in each.candidates][:1]) for each in given.draft.problems] == [
        ("displayname", ["display_name"]),
        ("zzz", []),
        ("associations.modeler_id", ["modeller_id"]),
        ("inputs[0].dataset", ["dataset_id"]),
    ]
