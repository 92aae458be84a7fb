"""A typed asynchronous client of Provena's services, usable on its own.

async with ProvenaClient(endpoints, tokens=ReadyToken(secret)) as provena:
    graph = await provena.prov.explore("upstream", "10378.1/1900010", 3)
"""

from provena_mcp.client.auth import AuthApi
from provena_mcp.client.data import DataApi
from provena_mcp.client.jobs import JobApi, JobPage
from provena_mcp.client.limits import ClientLimits
from provena_mcp.client.prov import AccessLevel, ProvApi
from provena_mcp.client.prov_files import ReportDocument, ReportJob
from provena_mcp.client.provena import ProvenaClient
from provena_mcp.client.registry import CreatedItem, ItemPage, RegistryApi, TypedItem
from provena_mcp.client.search import SearchApi
from provena_mcp.client.tokens import (
    ClientCredentials,
    KeycloakTokens,
    NoToken,
    ReadyToken,
    RefreshToken,
    TokenProvider,
    token_provider_from,
)

__all__ = [
    "AccessLevel",
    "AuthApi",
    "ClientCredentials",
    "ClientLimits",
    "CreatedItem",
    "DataApi",
    "ItemPage",
    "JobApi",
    "JobPage",
    "KeycloakTokens",
    "NoToken",
    "ProvApi",
    "ProvenaClient",
    "ReadyToken",
    "RefreshToken",
    "RegistryApi",
    "ReportDocument",
    "ReportJob",
    "SearchApi",
    "TokenProvider",
    "TypedItem",
    "token_provider_from",
]
