"""The terms of RO-Crate that the readers and writers of this package share.

How a crate says what ``recorded_runs`` has a place for, beside what RO-Crate 1.1 and the Workflow Run Crate
profiles 0.5 lay down. A property without a term of its own is a ``PropertyValue`` in ``additionalProperty``
whose ``propertyID`` is one of the words after ``PROPERTIES`` and whose ``name`` is for people:

========================  =============================================================================
handle                    ``identifier``: a PropertyValue with ``propertyID`` ``HANDLE``; read also from an
                          ``@id``, ``identifier`` or ``url`` at ``https://hdl.handle.net/``
command, exit code        of the action: ``COMMAND``, ``EXIT_CODE``
observed                  of the action: ``OBSERVED``, one or several of the levels, and ``NOT_OBSERVED``, a
                          sentence each on what was not seen
template of a run         the instrument's ``isBasedOn`` or the action's ``WORKFLOW_TEMPLATE`` (a handle)
template of a dataset     its ``exampleOfWork``: a FormalParameter with the handle as identifier
resources of a dataset    ``RESOURCE`` with ``name`` the key and ``value`` the path
use of a dataset          of the action: ``USE``, ``name`` ``input`` or ``output``, ``value`` its id, the
                          template in ``valueReference``, each ``RESOURCE`` in ``additionalProperty``:
                          what a dataset's own properties cannot say of several uses
study                     of the action: ``STUDY`` (a handle, or a name)
commit, dirty             of the software: ``COMMIT``, ``DIRTY`` (``true``, ``false``)
organisation              the action's ``participant`` of type Organization, else the agent's affiliation
annotations               of the action: a PropertyValue without ``propertyID``, by ``name``
whole                     an action that is no run of its own, only all of them together: ``GATHERED``
extent                    of a place: ``EXTENT``, as EWKT
left out                  of the root: ``LEFT_OUT``, ``name`` what and ``value`` why
capture                   ``identifier`` of the root: a PropertyValue with ``propertyID`` ``CAPTURE_DIGEST``
========================  =============================================================================
"""

from __future__ import annotations

from typing import Final

METADATA: Final = "ro-crate-metadata.json"
METADATA_1_0: Final = "ro-crate-metadata.jsonld"
"""The name of the descriptor in RO-Crate 1.0."""

CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
RUN_CONTEXT: Final = "https://w3id.org/ro/terms/workflow-run/context"
PROCESS_RUN: Final = "https://w3id.org/ro/wfrun/process/0.5"
WORKFLOW_RUN: Final = "https://w3id.org/ro/wfrun/workflow/0.5"
PROVENANCE_RUN: Final = "https://w3id.org/ro/wfrun/provenance/0.5"

HANDLES: Final = "https://hdl.handle.net/"
PROPERTIES: Final = "provena:"
HANDLE: Final = PROPERTIES + "handle"
COMMAND: Final = PROPERTIES + "command"
EXIT_CODE: Final = PROPERTIES + "exitCode"
OBSERVED: Final = PROPERTIES + "observed"
NOT_OBSERVED: Final = PROPERTIES + "notObserved"
WORKFLOW_TEMPLATE: Final = PROPERTIES + "workflowTemplate"
RESOURCE: Final = PROPERTIES + "resource"
STUDY: Final = PROPERTIES + "study"
COMMIT: Final = PROPERTIES + "commit"
DIRTY: Final = PROPERTIES + "dirty"
USE: Final = PROPERTIES + "use"
GATHERED: Final = PROPERTIES + "gathered"
EXTENT: Final = PROPERTIES + "extent"
LEFT_OUT: Final = PROPERTIES + "leftOut"
CAPTURE_DIGEST: Final = PROPERTIES + "captureDigest"

WORKFLOW_CRATE: Final = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
SPECIFICATION: Final = "https://w3id.org/ro/crate/1.1"
