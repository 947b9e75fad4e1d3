-- What tests/editors/neovim.sh runs inside of Neovim. It keeps to what 0.7 has and newer ones still have.

local PROJECT = os.getenv("KASLINT_PROJECT")
local FILE = PROJECT .. "/.gitlab/agents/production/config.yaml"
-- How long the server may take for anything, in milliseconds.
local PATIENCE = 10000

local function check(is_true, message)
  if not is_true then
    error(message, 0)
  end
end

local function await(what, is_done)
  check(vim.wait(PATIENCE, is_done, 20), "waited in vain for " .. what)
end

local function line(buffer, number)
  return vim.api.nvim_buf_get_lines(buffer, number - 1, number, false)[1] or ""
end

-- Where a Neovim keeps the code of a diagnostic has changed.
local function rule_of(diagnostic)
  return diagnostic.code or diagnostic.user_data.lsp.code
end

-- Diagnostics as one text: line, column in bytes, both from 1, rule, and what the range covers.
local function diagnostics(buffer)
  local lines = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    local is_one_line = one.end_lnum == one.lnum
    local covered = is_one_line and line(buffer, one.lnum + 1):sub(one.col + 1, one.end_col) or "(more than a line)"
    table.insert(lines, ("%d:%d %s %s"):format(one.lnum + 1, one.col + 1, rule_of(one), covered))
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

local function await_diagnostics(buffer, ...)
  local expected = table.concat({ ... }, "\n")
  local is_as_expected = vim.wait(PATIENCE, function()
    return diagnostics(buffer) == expected
  end, 20)
  local found = diagnostics(buffer)
  check(is_as_expected, ("expected these diagnostics:\n%s\nfound these:\n%s"):format(expected, found))
end

-- The answer to a request.
local function ask(buffer, method, params)
  local answers, fault = vim.lsp.buf_request_sync(buffer, method, params, PATIENCE)
  check(answers, ("%s: %s"):format(method, fault or "no answer"))
  local _, answer = next(answers)
  check(answer and not answer.error, ("%s: %s"):format(method, vim.inspect(answer)))
  return answer.result
end

-- The code actions of one kind for the first diagnostic of a rule.
local function actions(buffer, rule, kind)
  local client = vim.lsp.get_client_by_id(vim.g.kaslint_client)
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    if rule_of(one) == rule then
      local function position(number, column)
        local points, units = vim.str_utfindex(line(buffer, number + 1), column)
        local of = { ["utf-8"] = column, ["utf-16"] = units, ["utf-32"] = points }
        return { line = number, character = of[client.offset_encoding] }
      end
      local range = { start = position(one.lnum, one.col), ["end"] = position(one.end_lnum, one.end_col) }
      local sent = { range = range, message = one.message, severity = one.severity, source = one.source, code = rule }
      return ask(buffer, "textDocument/codeAction", {
        textDocument = vim.lsp.util.make_text_document_params(buffer),
        range = range,
        context = { diagnostics = { sent }, only = { kind } },
      })
    end
  end
  error("there is no diagnostic of " .. rule, 0)
end

local function apply(buffer, action)
  local client = vim.lsp.get_client_by_id(vim.g.kaslint_client)
  if not action.edit then
    action = ask(buffer, "codeAction/resolve", action)
  end
  check(action.edit, "the action has no edit: " .. vim.inspect(action))
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
end

-- The part of the setup page that is for this Neovim; the page is proved with it.
local function set_up()
  local page = table.concat(vim.fn.readfile(os.getenv("KASLINT_PAGE")), "\n")
  local blocks = {}
  for block in page:gmatch("```lua\n(.-)\n```") do
    table.insert(blocks, block)
  end
  local is_new = vim.lsp.config ~= nil
  local block = blocks[is_new and 1 or 2]
  check(block and block:find(is_new and "vim.lsp.enable" or "vim.lsp.start_client", 1, true), "the page is another")
  -- The page names nobody's project, and the settings have to arrive with one.
  local with_project, count = block:gsub("inlayHints = true", 'inlayHints = true, project = "acme/agents"')
  check(count == 1, "the page has other settings")
  assert(loadstring(with_project))()
end

local function find_client()
  for _, client in pairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
    if client.name == "kaslint" then
      return client
    end
  end
end

local function run()
  -- Like in a session that has settings of its own, which this one has not.
  vim.cmd("filetype on")
  set_up()
  vim.cmd("edit " .. vim.fn.fnameescape(FILE))
  local buffer = vim.api.nvim_get_current_buf()
  await("the answer to `initialize`", function()
    local client = find_client()
    return client and client.server_capabilities and client.server_capabilities.textDocumentSync
  end)
  local id = find_client().id
  vim.g.kaslint_client = id
  local processes = vim.api.nvim_get_proc_children(vim.fn.getpid())
  check(#processes == 1, "one server was to run, and not " .. #processes)

  -- The last is only found where the settings arrived: without them the project's path is not known.
  await_diagnostics(
    buffer,
    "2:69 wrong-type on",
    "2:76 unknown-key project",
    "6:11 outside-hierarchy rivals/web"
  )

  local quick_fixes = vim.tbl_filter(function(action)
    return action.isPreferred
  end, actions(buffer, "unknown-key", "quickfix"))
  check(#quick_fixes == 1, "one preferred fix was to be offered: " .. vim.inspect(quick_fixes))
  apply(buffer, quick_fixes[1])
  local fixed = '["prüfung/🦊", on]}], projects: [{id: acme/shop}]}'
  check(line(buffer, 2):sub(-#fixed) == fixed, "the fix made this: " .. line(buffer, 2))
  await_diagnostics(buffer, "2:69 wrong-type on", "6:11 outside-hierarchy rivals/web")

  local fix_all = actions(buffer, "wrong-type", "source.fixAll")
  check(#fix_all == 1, "one action was to make all safe fixes: " .. vim.inspect(fix_all))
  apply(buffer, fix_all[1])
  fixed = "[\"prüfung/🦊\", 'on']}], projects: [{id: acme/shop}]}"
  check(line(buffer, 2):sub(-#fixed) == fixed, "all fixes made this: " .. line(buffer, 2))
  await_diagnostics(buffer, "6:11 outside-hierarchy rivals/web")

  -- Like somebody who types; the range ends before a character that each encoding counts otherwise.
  vim.api.nvim_buf_set_text(buffer, 5, 10, 5, 16, { "acme" })
  check(line(buffer, 6) == "    - id: acme/web # 🦊", "typing made this: " .. line(buffer, 6))
  await_diagnostics(buffer)

  vim.cmd("silent write")
  local written = table.concat(vim.fn.readfile(FILE), "\n")
  local shown = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
  check(written == shown, "what was written is not what was shown:\n" .. written)

  vim.lsp.stop_client(id)
  await("the end of the server's process", function()
    return vim.loop.kill(processes[1], 0) ~= 0
  end)
  local status = vim.fn.readfile(os.getenv("KASLINT_STATUS"))[1]
  check(status == "0", "the server ended with status " .. status)
end

local is_fine, message = xpcall(run, function(fault)
  -- A fault of this script is shown with where it is; what it checks needs no more than its words.
  return type(fault) == "string" and not fault:find("^[^\n]*%.lua:%d+:") and fault or debug.traceback(fault)
end)
local version = vim.version()
local name = ("Neovim %d.%d.%d"):format(version.major, version.minor, version.patch)
if is_fine then
  io.stdout:write(name .. ": diagnostics, fixes and settings are as they should be, and the server ended\n")
  vim.cmd("qall!")
else
  io.stderr:write(name .. ": " .. tostring(message) .. "\n")
  vim.cmd("cquit 1")
end
