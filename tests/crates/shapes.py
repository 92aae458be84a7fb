"""Small crates in the shapes of the tools that write them: made here, none of anybody's files."""

from __future__ import annotations

from tests.crates.entities import crate, profile, ref


def by_hand() -> bytes:
    """A Process Run Crate as its specification shows it: one command, somebody's ORCID."""
    return crate(
        {
            "@id": "https://www.imagemagick.org/",
            "@type": "SoftwareApplication",
            "name": "ImageMagick",
            "softwareVersion": "6.9.7-4",
        },
        {
            "@id": "#sepia",
            "@type": "CreateAction",
            "name": "Make it sepia",
            "description": "convert -sepia-tone 80% fence.jpg sepia.jpg",
            "endTime": "2018-09-19T17:01:07+10:00",
            "instrument": ref("https://www.imagemagick.org/"),
            "object": ref("pics/fence%201.jpg"),
            "result": ref("pics/sepia.jpg"),
            "agent": ref("https://orcid.org/0000-0001-2345-678X"),
        },
        {"@id": "pics/fence%201.jpg", "@type": "File", "encodingFormat": "image/jpeg"},
        {"@id": "pics/sepia.jpg", "@type": "File", "encodingFormat": "image/jpeg", "contentSize": "1204"},
        {"@id": "https://orcid.org/0000-0001-2345-678X", "@type": "Person", "name": "Kim Roe"},
        root={"conformsTo": profile("process", "0.5"), "name": "My pictures", "mentions": ref("#sepia")},
    )


def galaxy() -> bytes:
    """As Galaxy exports an invocation: no times but the engine's, parameters as -pv."""
    return crate(
        {
            "@id": "workflows/cut.ga",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "Cut columns",
            "programmingLanguage": ref("https://w3id.org/workflowhub/workflow-ro-crate#galaxy"),
            "input": [ref("#columns-param")],
        },
        {
            "@id": "https://w3id.org/workflowhub/workflow-ro-crate#galaxy",
            "@type": "ComputerLanguage",
            "name": "Galaxy",
            "version": "23.1",
        },
        {"@id": "#engine", "@type": "SoftwareApplication", "name": "Galaxy workflow engine"},
        {
            "@id": "#engine-run",
            "@type": "OrganizeAction",
            "name": "Run of Galaxy workflow engine",
            "instrument": ref("#engine"),
            "startTime": "2023-06-01T09:30:00.123456",
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": "Cut columns",
            "instrument": ref("workflows/cut.ga"),
            "object": [ref("datasets/table_1.tsv"), ref("#columns-pv"), ref("list-of-tables")],
            "result": [ref("datasets/cut_2.tsv")],
        },
        {
            "@id": "datasets/table_1.tsv",
            "@type": "File",
            "name": "table 1",
            "encodingFormat": "text/tab-separated-values",
            "exampleOfWork": ref("urn:uuid:0b1f"),
        },
        {"@id": "datasets/cut_2.tsv", "@type": "File", "name": "Cut on data 1"},
        {"@id": "urn:uuid:0b1f", "@type": "FormalParameter", "name": "input", "additionalType": "File"},
        {"@id": "#columns-param", "@type": "FormalParameter", "name": "columns parameter"},
        {
            "@id": "#columns-pv",
            "@type": "PropertyValue",
            "name": "columnList",
            "value": "c1,c3",
            "exampleOfWork": ref("#columns-param"),
        },
        {
            "@id": "list-of-tables",
            "@type": "Collection",
            "name": "tables",
            "hasPart": [ref("datasets/table_1.tsv")],
        },
        root={
            "conformsTo": [profile("process", "0.5"), profile("workflow", "0.5")],
            "mainEntity": ref("workflows/cut.ga"),
        },
    )


def nextflow() -> bytes:
    """As nf-prov writes it: a whole, tasks as steps, copies it publishes, a ControlAction a process."""
    agent, done = ref("https://orcid.org/0000-0001-2345-678X"), "http://schema.org/CompletedActionStatus"
    return crate(
        {
            "@id": "main.nf",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "reef/heat",
            "codeRepository": "https://example.org/reef/heat",
            "version": "8d3c5b1e0f6a47290e1bd2c3a4f5968778695a4b",
            "programmingLanguage": ref("https://w3id.org/workflowhub/workflow-ro-crate#nextflow"),
            "hasPart": [ref("modules/regrid.nf")],
        },
        {
            "@id": "https://w3id.org/workflowhub/workflow-ro-crate#nextflow",
            "@type": "ComputerLanguage",
            "name": "Nextflow",
            "version": "23.10.1",
        },
        {"@id": "main.nf#software-application", "@type": "SoftwareApplication", "name": "Nextflow 23.10.1"},
        {"@id": "modules/regrid.nf", "@type": "SoftwareApplication", "name": "REGRID"},
        {
            "@id": "main.nf#organize",
            "@type": "OrganizeAction",
            "instrument": ref("main.nf#software-application"),
            "object": [ref("#control")],
            "result": ref("#whole"),
        },
        {"@id": "#control", "@type": "ControlAction", "object": [ref("#task/1")]},
        {
            "@id": "#whole",
            "@type": "CreateAction",
            "name": "Nextflow workflow run 4f1c",
            "agent": agent,
            "startTime": "2024-02-01T10:00:00+01:00",
            "endTime": "2024-02-01T10:20:00+01:00",
            "instrument": ref("main.nf"),
            "object": [ref("#params/grid/value"), ref("sst.nc")],
            "result": [ref("results/heat.nc")],
        },
        {
            "@id": "#task/1",
            "@type": "CreateAction",
            "name": "REGRID (1)",
            "agent": agent,
            "instrument": ref("modules/regrid.nf"),
            "object": [ref("sst.nc")],
            "result": [ref("#task/1/heat.nc")],
            "actionStatus": done,
        },
        {
            "@id": "#publish/1/heat.nc",
            "@type": "CreateAction",
            "name": "publish",
            "instrument": ref("main.nf#software-application"),
            "object": ref("#task/1/heat.nc"),
            "result": ref("results/heat.nc"),
            "actionStatus": done,
        },
        {"@id": "#params/grid/value", "@type": "PropertyValue", "name": "grid", "value": 0.05},
        {"@id": "sst.nc", "@type": "File", "name": "sst.nc", "encodingFormat": "application/x-netcdf"},
        {"@id": "#task/1/heat.nc", "@type": "CreativeWork", "name": "heat.nc"},
        {"@id": "results/heat.nc", "@type": "File", "name": "heat.nc"},
        {
            "@id": "https://orcid.org/0000-0001-2345-678X",
            "@type": "Person",
            "name": "Kim Roe",
            "affiliation": ref("https://ror.org/03qn8fb07"),
        },
        {"@id": "https://ror.org/03qn8fb07", "@type": "Organization", "name": "Reef Institute"},
        root={
            "conformsTo": [profile(kind, "0.1") for kind in ("process", "workflow", "provenance")],
            "mainEntity": ref("main.nf"),
        },
    )


def runcrate() -> bytes:
    """As runcrate makes it of CWLProv: files named by their SHA-1, times without an offset, two steps."""
    first, second, third = "327fc7aedf4f6b69a42a7c8b808dc5a7aff61376", "a" * 40, "b" * 40
    return crate(
        {
            "@id": "packed.cwl",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "packed.cwl",
            "hasPart": [ref("packed.cwl#rev.cwl"), ref("packed.cwl#sort.cwl")],
        },
        {"@id": "packed.cwl#rev.cwl", "@type": "SoftwareApplication", "name": "rev.cwl"},
        {"@id": "packed.cwl#sort.cwl", "@type": "SoftwareApplication", "name": "sort.cwl"},
        {
            "@id": "#0aa1",
            "@type": "CreateAction",
            "name": "Run of workflow/packed.cwl#main",
            "startTime": "2018-10-25T15:46:35.211153",
            "endTime": "2018-10-25T15:46:43.020168",
            "instrument": ref("packed.cwl"),
            "object": [ref(first), ref("#pv-main/reverse")],
            "result": [ref(third)],
        },
        {
            "@id": "#0aa2",
            "@type": "CreateAction",
            "name": "Run of workflow/packed.cwl#main/rev",
            "startTime": "2018-10-25T15:46:35.314101",
            "endTime": "2018-10-25T15:46:36.967359",
            "instrument": ref("packed.cwl#rev.cwl"),
            "object": [ref(first)],
            "result": [ref(second)],
        },
        {
            "@id": "#0aa3",
            "@type": "CreateAction",
            "name": "Run of workflow/packed.cwl#main/sorted",
            "startTime": "2018-10-25T15:46:36.975235",
            "endTime": "2018-10-25T15:46:38.069110",
            "instrument": ref("packed.cwl#sort.cwl"),
            "object": [ref(second)],
            "result": [ref(third)],
        },
        {"@id": first, "@type": "File", "alternateName": "whale.txt", "sha1": first},
        {"@id": second, "@type": "File", "alternateName": "output.txt", "sha1": second},
        {"@id": third, "@type": "File", "alternateName": "output.txt", "sha1": third},
        {"@id": "#pv-main/reverse", "@type": "PropertyValue", "name": "reverse", "value": "True"},
        root={
            "conformsTo": [profile(kind, "0.1") for kind in ("process", "workflow", "provenance")],
            "mainEntity": ref("packed.cwl"),
        },
    )


def autosubmit() -> bytes:
    """As Autosubmit writes it: one action of the whole experiment, no agent, the source code beside it."""
    return crate(
        {
            "@id": "conf/metadata/experiment_data.yml",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "experiment_data",
            "programmingLanguage": ref("#autosubmit"),
        },
        {"@id": "#autosubmit", "@type": "ComputerLanguage", "name": "Autosubmit", "version": "4.1.0"},
        {
            "@id": "https://example.org/ocean.git",
            "@type": "SoftwareSourceCode",
            "name": "https://example.org/ocean.git",
            "codeRepository": "https://example.org/ocean.git",
            "version": "1b2c3d4e5f60718293a4b5c6d7e8f90112233445",
        },
        {
            "@id": "#create-action",
            "@type": "CreateAction",
            "actionStatus": ref("http://schema.org/FailedActionStatus"),
            "description": "Ocean, spin-up",
            "startTime": "2024-03-01T00:00:00+00:00",
            "instrument": ref("conf/metadata/experiment_data.yml"),
            "object": [ref("#DEFAULT.EXPID-pv")],
            "result": [ref("proj/out/ocean.nc")],
        },
        {"@id": "#DEFAULT.EXPID-pv", "@type": "PropertyValue", "name": "DEFAULT.EXPID", "value": "a000"},
        {"@id": "proj/out/ocean.nc", "@type": "File", "contentSize": 77, "name": "ocean.nc"},
        root={
            "conformsTo": [profile("process", "0.5"), profile("workflow", "0.5")],
            "mainEntity": ref("conf/metadata/experiment_data.yml"),
            "name": "a000",
        },
    )


def snakemake() -> bytes:
    """As a Snakemake reporter leaves it: words where it had no times and no files."""
    return crate(
        {
            "@id": "workflow/Snakefile",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "skim",
            "programmingLanguage": ref("#snakemake"),
        },
        {"@id": "#snakemake", "@type": "ComputerLanguage", "name": "Snakemake", "version": "8.20.3"},
        {
            "@id": "#5d2e",
            "@type": "CreateAction",
            "name": "Snakemake workflow run",
            "endTime": "FIXME date",
            "instruments": ref("workflow/Snakefile"),
            "object": ["FIXME inputs", ref("config/config.yaml")],
            "result": ["FIXME outputs"],
            "agent": [ref("#FIXME-ORCID?")],
        },
        {"@id": "#FIXME-ORCID?", "@type": "Person", "givenName": "Kim", "familyName": "Roe"},
        root={"conformsTo": profile("workflow", "0.5"), "mainEntity": ref("workflow/Snakefile")},
    )
