import pytest

from provena_mcp.errors import SettingsError
from provena_mcp.settings import Endpoints, Settings
from tests.worlds.settings import settings_with

SIX = {
    "prov_api": "http://127.0.0.1:1/prov/",
    "registry_api": "http://127.0.0.1:1/registry",
    "job_api": "http://127.0.0.1:1/job",
    "search_api": "http://127.0.0.1:1/search",
    "auth_api": "http://127.0.0.1:1/auth",
    "data_api": "http://127.0.0.1:1/data",
}


def settings(**values: object) -> Settings:
    return settings_with(**values)


def test_no_configuration_means_the_embedded_provena():
    assert settings().is_embedded
    assert settings().endpoints() is None


def test_a_domain_and_a_realm_give_every_address_of_a_deployment():
    assert settings(domain="provena.example.org", realm="reef").endpoints() == Endpoints(
        prov="https://prov-api.provena.example.org",
        registry="https://registry-api.provena.example.org",
        job="https://job-api.provena.example.org",
        search="https://search.provena.example.org",
        auth="https://auth-api.provena.example.org",
        data="https://data-api.provena.example.org",
        keycloak="https://auth.provena.example.org/auth/realms/reef",
    )


def test_an_override_replaces_one_address_and_loses_its_trailing_slash():
    endpoints = settings(domain="p.example.org", realm="r", prov_api="http://127.0.0.1:9/prov/").endpoints()
    assert endpoints is not None
    assert (endpoints.prov, endpoints.job) == ("http://127.0.0.1:9/prov", "https://job-api.p.example.org")


def test_six_addresses_are_a_deployment_without_a_domain():
    endpoints = settings(**SIX).endpoints()
    assert endpoints is not None
    assert (endpoints.prov, endpoints.keycloak) == ("http://127.0.0.1:1/prov", None)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"domain": "p.example.org"}, "PROVENA_REALM is missing"),
        ({"realm": "reef"}, "PROVENA_DOMAIN is missing"),
        ({"prov_api": "http://127.0.0.1:1"}, "PROVENA_REGISTRY_API, PROVENA_JOB_API"),
        ({name: url for name, url in SIX.items() if name != "data_api"}, "PROVENA_DATA_API is missing"),
        ({"keycloak": "http://127.0.0.1:1/realms/r"}, "PROVENA_DOMAIN is missing"),
    ],
)
def test_a_half_set_deployment_names_what_is_missing(values: dict[str, str], missing: str):
    with pytest.raises(SettingsError) as failure:
        settings(**values).endpoints()
    assert missing in failure.value.message
    assert "embedded Provena" in failure.value.advice


def test_settings_come_from_the_environment_and_blank_means_unset(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROVENA_DOMAIN", "")
    monkeypatch.setenv("PROVENA_READ_ONLY", "true")
    monkeypatch.setenv("PROVENA_MAX_RESULT_TOKENS", "900")
    read = settings_with()
    assert (read.is_embedded, read.read_only, read.max_result_tokens) == (True, True, 900)


def test_secrets_never_show_in_the_settings_repr():
    held = settings(access_token="hunter2", offline_token="hunter2", client_secret="hunter2")
    assert "hunter2" not in repr(held) + str(held)
