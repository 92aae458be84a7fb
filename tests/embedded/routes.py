"""Routes of the embedded services, and what a job says that lodged nothing."""

from __future__ import annotations

GENERAL = "/registry-api/registry/general"
MODEL = "/registry-api/registry/entity/model"
DATASET = "/registry-api/registry/entity/dataset"
STUDY = "/registry-api/registry/activity/study"
REGISTRY = "/registry-api/registry"
MINT = "/data-api/register/mint-dataset"
REGISTER = "/prov-api/model_run/register"
BATCH = "/prov-api/model_run/register_batch"
UPDATE = "/prov-api/model_run/update"
LINK = "/prov-api/model_run/edit/link_to_study"
LODGING_FAILED = "Job failed, err: An error occurred while lodging the provenance record. Error: .."
