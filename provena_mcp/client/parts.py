"""All that the client offers, which ``provena_mcp.client`` gives when it is asked for."""

from __future__ import annotations

from provena_mcp.client.auth import AuthApi
from provena_mcp.client.data import DataApi
from provena_mcp.client.http.auth import NoLogin, NoToken, ReadyToken, TokenProvider
from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.public import public_transport
from provena_mcp.client.http.transports import Breaker
from provena_mcp.client.jobs import JobApi, JobPage
from provena_mcp.client.login.interactive_login import InteractiveLogin
from provena_mcp.client.login.keycloak import DeviceLogin, DevicePrompt, OAuthClient
from provena_mcp.client.login.login_store import LoginStore
from provena_mcp.client.login.select_login import Personal, token_provider_from
from provena_mcp.client.login.stored_login import StoredLogin
from provena_mcp.client.login.token_providers import (
    ClientCredentials,
    KeycloakTokens,
    RefreshToken,
)
from provena_mcp.client.prov import AccessLevel, ProvApi
from provena_mcp.client.prov_files import ReportDocument, ReportJob
from provena_mcp.client.provena import ProvenaClient
from provena_mcp.client.registry import CreatedItem, RegistryApi, TypedItem
from provena_mcp.client.search import SearchApi
from provena_mcp.client.service import ItemPage, UnreadRow
from provena_mcp.settings import Endpoints

__all__ = [
    "AccessLevel",
    "AuthApi",
    "Breaker",
    "ClientCredentials",
    "ClientLimits",
    "CreatedItem",
    "DataApi",
    "DeviceLogin",
    "DevicePrompt",
    "Endpoints",
    "InteractiveLogin",
    "ItemPage",
    "JobApi",
    "JobPage",
    "KeycloakTokens",
    "LoginStore",
    "NoLogin",
    "NoToken",
    "OAuthClient",
    "Personal",
    "ProvApi",
    "ProvenaClient",
    "ReadyToken",
    "RefreshToken",
    "RegistryApi",
    "ReportDocument",
    "ReportJob",
    "SearchApi",
    "StoredLogin",
    "TokenProvider",
    "TypedItem",
    "UnreadRow",
    "public_transport",
    "token_provider_from",
]
