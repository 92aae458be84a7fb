"""Every assistant we know how to reach, one row each."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from provena_mcp.assistants import entries
from provena_mcp.assistants.assistant import Assistant, OwnCommand, SettingsFile
from provena_mcp.assistants.entries import Shape
from provena_mcp.assistants.servers import NAME
from provena_mcp.errors import ArgumentError


def _json(shape: Shape, *user: str, key: str = "mcpServers", project: str | None = None) -> SettingsFile:
    return SettingsFile("json", (key,), shape, user, project and f"{{project}}/{project}")


_CODE: Final = "{settings}/Code/User"

ASSISTANTS: Final = (
    Assistant(
        "claude-desktop",
        "Claude Desktop",
        _json(
            entries.plain,
            "{settings}/Claude/claude_desktop_config.json",
            # As the Microsoft Store installs it.
            "{LOCALAPPDATA}/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json",
        ),
        "Settings → Developer → Edit Config",
        remote=False,
        remark="Quit the program first: it rewrites this file while it runs, and has lost entries so. "
        "Servers at an address are added under Settings → Connectors.",
    ),
    Assistant(
        "claude-code",
        "Claude Code",
        _json(entries.typed, "{CLAUDE_CONFIG_DIR}/.claude.json", "{home}/.claude.json", project=".mcp.json"),
        "claude mcp add provena -- COMMAND serve",
        command=OwnCommand(
            "claude",
            lambda entry: ("mcp", "add-json", "--scope", "user", NAME, entry),
            ("mcp", "remove", "--scope", "user", NAME),
        ),
        program="claude",
        tried="2.1.197 lists the entry and starts it",
    ),
    Assistant(
        "vscode",
        "VS Code",
        _json(
            entries.typed,
            f"{_CODE}/mcp.json",
            "{settings}/Code - Insiders/User/mcp.json",
            key="servers",
            project=".vscode/mcp.json",
        ),
        "MCP: Open User Configuration",
        remark="Pictures beside an answer are switched on with chat.mcp.apps.enabled.",
        program="code",
    ),
    Assistant(
        "cursor",
        "Cursor",
        _json(entries.plain, "{home}/.cursor/mcp.json", project=".cursor/mcp.json"),
        "Settings → Tools & MCP",
        program="cursor",
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
        program="codex",
        tried="0.171.0 lists the entry",
    ),
    Assistant(
        "gemini",
        "Gemini CLI",
        _json(entries.at("httpUrl"), "{home}/.gemini/settings.json", project=".gemini/settings.json"),
        "gemini mcp add provena COMMAND serve",
        program="gemini",
        tried="0.61.0 lists the entry and starts it, in a folder it trusts",
    ),
    Assistant(
        "copilot-cli",
        "Copilot CLI",
        _json(entries.copilot, "{COPILOT_HOME}/mcp-config.json", "{home}/.copilot/mcp-config.json"),
        "/mcp add",
        program="copilot",
        tried="1.0.102 lists the entry",
    ),
    Assistant(
        "windsurf",
        "Windsurf",
        _json(entries.at("serverUrl"), "{home}/.codeium/windsurf/mcp_config.json"),
        "Settings → Cascade → MCP servers",
        remark="Called Devin Desktop in later versions.",
        program="windsurf",
    ),
    Assistant(
        "zed",
        "Zed",
        _json(
            entries.custom,
            "{APPDATA}/Zed/settings.json",
            "{home}/.config/zed/settings.json",
            key="context_servers",
        ),
        "zed: open settings",
        program="zed",
    ),
    Assistant(
        "visual-studio",
        "Visual Studio",
        _json(entries.typed, "{home}/.mcp.json", key="servers", project=".mcp.json"),
        "Copilot Chat → Tools → +",
    ),
    Assistant(
        "antigravity",
        "Antigravity",
        _json(entries.at("serverUrl"), "{home}/.gemini/antigravity/mcp_config.json"),
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
        program="goose",
    ),
    Assistant(
        "lm-studio",
        "LM Studio",
        _json(entries.plain, "{home}/.lmstudio/mcp.json", "{home}/.cache/lm-studio/mcp.json"),
        "Program → Install → Edit mcp.json",
    ),
    Assistant(
        "continue",
        "Continue",
        _json(
            entries.plain,
            "{home}/.continue/mcpServers/provena.json",
            project=".continue/mcpServers/provena.json",
        ),
        "a file in .continue/mcpServers/",
        remark="Its command line reads only config.yaml.",
    ),
    Assistant(
        "jetbrains",
        "JetBrains AI Assistant",
        _json(entries.plain),
        "Settings → Tools → AI Assistant → MCP: paste it there",
    ),
    Assistant(
        "junie",
        "JetBrains Junie",
        _json(entries.plain, "{home}/.junie/mcp/mcp.json", project=".junie/mcp/mcp.json"),
        "Settings → Tools → Junie → MCP Settings",
        remote=False,
        sure=False,
    ),
    Assistant(
        "opencode",
        "opencode",
        _json(
            entries.opencode,
            "{home}/.config/opencode/opencode.json",
            "{home}/.config/opencode/opencode.jsonc",
            key="mcp",
            project="opencode.json",
        ),
        "opencode mcp add",
        program="opencode",
        tried="1.18.33 lists the entry and starts it",
    ),
    Assistant(
        "cline",
        "Cline",
        _json(
            entries.streamable("streamableHttp"),
            f"{_CODE}/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            "{home}/.cline/data/settings/cline_mcp_settings.json",
        ),
        "MCP Servers → Configure",
    ),
    Assistant(
        "roo",
        "Roo Code",
        _json(
            entries.streamable("streamable-http"),
            f"{_CODE}/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            project=".roo/mcp.json",
        ),
        "MCP Servers → Edit Global MCP",
    ),
    Assistant(
        "kiro",
        "Kiro",
        _json(entries.plain, "{home}/.kiro/settings/mcp.json", project=".kiro/settings/mcp.json"),
        "Kiro: Open user MCP config",
        program="kiro",
    ),
    Assistant(
        "qwen",
        "Qwen Code",
        _json(entries.at("httpUrl"), "{home}/.qwen/settings.json", project=".qwen/settings.json"),
        "qwen mcp add --scope user provena -- COMMAND serve",
        sure=False,
        program="qwen",
        tried="0.15.10 lists the entry and starts it",
    ),
    Assistant(
        "amp",
        "Amp",
        _json(
            entries.plain,
            "{home}/.config/amp/settings.json",
            "{home}/.config/amp/settings.jsonc",
            key="amp.mcpServers",
            project=".amp/settings.json",
        ),
        "amp mcp add provena -- COMMAND serve",
        sure=False,
        program="amp",
    ),
    Assistant(
        "chatgpt",
        "ChatGPT",
        _json(entries.plain),
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
