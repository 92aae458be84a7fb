"""Every assistant we know how to reach, one row each."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from provena_mcp.assistants import entries
from provena_mcp.assistants.assistant import Assistant, OwnCommand, SettingsFile
from provena_mcp.assistants.servers import NAME
from provena_mcp.errors import ArgumentError

_SERVERS: Final = ("mcpServers",)
_CODE: Final = "{settings}/Code/User"

ASSISTANTS: Final = (
    Assistant(
        "claude-desktop",
        "Claude Desktop",
        SettingsFile(
            "json",
            _SERVERS,
            entries.plain,
            (
                "{settings}/Claude/claude_desktop_config.json",
                # As the Microsoft Store installs it.
                "{LOCALAPPDATA}/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json",
            ),
        ),
        "Settings → Developer → Edit Config",
        remote=False,
        remark="Quit the program first: it rewrites this file while it runs, and has lost entries so. "
        "Servers at an address are added under Settings → Connectors.",
    ),
    Assistant(
        "claude-code",
        "Claude Code",
        SettingsFile(
            "json",
            _SERVERS,
            entries.typed,
            ("{CLAUDE_CONFIG_DIR}/.claude.json", "{home}/.claude.json"),
            "{project}/.mcp.json",
        ),
        "claude mcp add provena -- COMMAND serve",
        command=OwnCommand(
            "claude",
            lambda entry: ("mcp", "add-json", "--scope", "user", NAME, entry),
            ("mcp", "remove", "--scope", "user", NAME),
        ),
    ),
    Assistant(
        "vscode",
        "VS Code",
        SettingsFile(
            "json",
            ("servers",),
            entries.typed,
            (f"{_CODE}/mcp.json", "{settings}/Code - Insiders/User/mcp.json"),
            "{project}/.vscode/mcp.json",
        ),
        "MCP: Open User Configuration",
        remark="Pictures beside an answer are switched on with chat.mcp.apps.enabled.",
    ),
    Assistant(
        "cursor",
        "Cursor",
        SettingsFile(
            "json", _SERVERS, entries.plain, ("{home}/.cursor/mcp.json",), "{project}/.cursor/mcp.json"
        ),
        "Settings → Tools & MCP",
    ),
    Assistant(
        "codex",
        "Codex",
        SettingsFile(
            "toml",
            ("mcp_servers",),
            entries.codex,
            ("{CODEX_HOME}/config.toml", "{home}/.codex/config.toml"),
            "{project}/.codex/config.toml",
        ),
        "codex mcp add provena -- COMMAND serve",
        remark="The command line and the editor share this file.",
    ),
    Assistant(
        "gemini",
        "Gemini CLI",
        SettingsFile(
            "json",
            _SERVERS,
            entries.at("httpUrl"),
            ("{home}/.gemini/settings.json",),
            "{project}/.gemini/settings.json",
        ),
        "gemini mcp add provena COMMAND serve",
    ),
    Assistant(
        "copilot-cli",
        "Copilot CLI",
        SettingsFile(
            "json",
            _SERVERS,
            entries.copilot,
            ("{COPILOT_HOME}/mcp-config.json", "{home}/.copilot/mcp-config.json"),
        ),
        "/mcp add",
    ),
    Assistant(
        "windsurf",
        "Windsurf",
        SettingsFile(
            "json", _SERVERS, entries.at("serverUrl"), ("{home}/.codeium/windsurf/mcp_config.json",)
        ),
        "Settings → Cascade → MCP servers",
        remark="Called Devin Desktop in later versions.",
    ),
    Assistant(
        "zed",
        "Zed",
        SettingsFile(
            "json",
            ("context_servers",),
            entries.custom,
            ("{APPDATA}/Zed/settings.json", "{home}/.config/zed/settings.json"),
        ),
        "zed: open settings",
    ),
    Assistant(
        "visual-studio",
        "Visual Studio",
        SettingsFile("json", ("servers",), entries.typed, ("{home}/.mcp.json",), "{project}/.mcp.json"),
        "Copilot Chat → Tools → +",
    ),
    Assistant(
        "antigravity",
        "Antigravity",
        SettingsFile(
            "json", _SERVERS, entries.at("serverUrl"), ("{home}/.gemini/antigravity/mcp_config.json",)
        ),
        "Manage MCP Servers → View raw config",
        sure=False,
    ),
    Assistant(
        "goose",
        "Goose",
        SettingsFile(
            "yaml",
            ("extensions",),
            entries.goose,
            ("{APPDATA}/Block/goose/config/config.yaml", "{home}/.config/goose/config.yaml"),
        ),
        "goose configure",
    ),
    Assistant(
        "lm-studio",
        "LM Studio",
        SettingsFile(
            "json",
            _SERVERS,
            entries.plain,
            ("{home}/.lmstudio/mcp.json", "{home}/.cache/lm-studio/mcp.json"),
        ),
        "Program → Install → Edit mcp.json",
    ),
    Assistant(
        "continue",
        "Continue",
        SettingsFile(
            "json",
            _SERVERS,
            entries.plain,
            ("{home}/.continue/mcpServers/provena.json",),
            "{project}/.continue/mcpServers/provena.json",
        ),
        "a file in .continue/mcpServers/",
        remark="Its command line reads only config.yaml.",
    ),
    Assistant(
        "jetbrains",
        "JetBrains AI Assistant",
        SettingsFile("json", _SERVERS, entries.plain),
        "Settings → Tools → AI Assistant → MCP: paste it there",
    ),
    Assistant(
        "junie",
        "JetBrains Junie",
        SettingsFile(
            "json", _SERVERS, entries.plain, ("{home}/.junie/mcp/mcp.json",), "{project}/.junie/mcp/mcp.json"
        ),
        "Settings → Tools → Junie → MCP Settings",
        remote=False,
        sure=False,
    ),
    Assistant(
        "opencode",
        "opencode",
        SettingsFile(
            "json",
            ("mcp",),
            entries.opencode,
            ("{home}/.config/opencode/opencode.json", "{home}/.config/opencode/opencode.jsonc"),
            "{project}/opencode.json",
        ),
        "opencode mcp add",
    ),
    Assistant(
        "cline",
        "Cline",
        SettingsFile(
            "json",
            _SERVERS,
            entries.streamable("streamableHttp"),
            (
                f"{_CODE}/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
                "{home}/.cline/data/settings/cline_mcp_settings.json",
            ),
        ),
        "MCP Servers → Configure",
    ),
    Assistant(
        "roo",
        "Roo Code",
        SettingsFile(
            "json",
            _SERVERS,
            entries.streamable("streamable-http"),
            (f"{_CODE}/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",),
            "{project}/.roo/mcp.json",
        ),
        "MCP Servers → Edit Global MCP",
    ),
    Assistant(
        "kiro",
        "Kiro",
        SettingsFile(
            "json",
            _SERVERS,
            entries.plain,
            ("{home}/.kiro/settings/mcp.json",),
            "{project}/.kiro/settings/mcp.json",
        ),
        "Kiro: Open user MCP config",
    ),
    Assistant(
        "qwen",
        "Qwen Code",
        SettingsFile(
            "json",
            _SERVERS,
            entries.at("httpUrl"),
            ("{home}/.qwen/settings.json",),
            "{project}/.qwen/settings.json",
        ),
        "qwen mcp add --scope user provena -- COMMAND serve",
        sure=False,
    ),
    Assistant(
        "amp",
        "Amp",
        SettingsFile(
            "json",
            ("amp.mcpServers",),
            entries.plain,
            ("{home}/.config/amp/settings.json", "{home}/.config/amp/settings.jsonc"),
            "{project}/.amp/settings.json",
        ),
        "amp mcp add provena -- COMMAND serve",
        sure=False,
    ),
    Assistant(
        "chatgpt",
        "ChatGPT",
        SettingsFile("json", _SERVERS, entries.plain),
        "Settings → Apps → Advanced → Developer mode → Create app, with the address",
        local=False,
        remark="It reaches servers by address only, and has its users log in.",
    ),
)


def find_assistant(name: str) -> Assistant:
    """The assistant of that name.

    Raises:
        ArgumentError: There is none; the nearest is named.
    """
    names = [assistant.name for assistant in ASSISTANTS]
    wanted = name.strip().lower().replace(" ", "-").replace("_", "-")
    found = next((assistant for assistant in ASSISTANTS if assistant.name == wanted), None)
    if found is not None:
        return found
    near = get_close_matches(wanted, names, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ArgumentError(
        f"There is no assistant {name!r}.", parameter="client", advice=f"{hint}Known are: {', '.join(names)}."
    )
