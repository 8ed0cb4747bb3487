-- What scripts get in the place of Lua's own functions. Runs once, when the state is made; whatever is not named here
-- does not exist for scripts.
local raw, shared, native, own = ...
local error, type, select, tostring, rawget, rawset = raw.error, raw.type, raw.select, raw.tostring, raw.rawget, raw.rawset
local spend, caught, length = native.spend, native.caught, native.length
local getmetatable, setmetatable, concat = raw.getmetatable, raw.setmetatable, raw.table.concat

local allowed = {
  "_VERSION", "assert", "error", "getmetatable", "ipairs", "rawequal", "rawget", "rawlen", "select", "tonumber",
  "tostring", "type",
}
for _, name in raw.ipairs(allowed) do shared[name] = raw[name] end
for name, value in raw.pairs(own) do shared[name] = value end

-- Errors of native functions are objects; scripts see text.
local function plain(ok, e, ...)
  if ok then return ok, e, ... end
  return ok, caught(e)
end

function shared.pcall(f, ...) return plain(raw.pcall(f, ...)) end

-- Lua switches the hook off in handlers of an error that came from the hook: such a handler must not run. `caught` fails
-- then, as the budget is used up.
function shared.xpcall(f, handler, ...)
  return plain(raw.xpcall(f, function(e) return handler(caught(e)) end, ...))
end

-- Finalizers run without the hook: there are none.
function shared.setmetatable(t, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then
    error("__gc is not possible here; use a variable marked <close> instead", 2)
  end
  return setmetatable(t, meta)
end

local protected = {}

function shared.rawset(t, k, v)
  if protected[t] then error(protected[t] .. " belongs to Cantus and cannot be changed", 2) end
  return rawset(t, k, v)
end

function shared.print(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  native.emit(concat(parts, "\t"))
end

local string, table, coroutine = raw.string, raw.table, raw.coroutine

string.dump = nil
for _, library in raw.ipairs { string, raw.utf8 } do
  for _, name in raw.ipairs { "upper", "lower", "reverse", "len", "offset", "codepoint", "byte" } do
    local f = library[name]
    if f and not (library == string and name == "len") then
      library[name] = function(s, ...)
        if type(s) == "string" then spend(#s // 16) end
        return f(s, ...)
      end
    end
  end
end
-- Else a script could take `upper` away from all others.
getmetatable("").__metatable = false

-- What C does with a table takes as long as the table is long.
local move, insert, remove, sort = table.move, table.insert, table.remove, table.sort

function table.insert(t, ...)
  local n = length(t)
  if select("#", ...) > 1 then spend(n) end
  return insert(t, ...)
end

function table.remove(t, ...)
  local n = length(t)
  if select("#", ...) > 0 then spend(n) end
  return remove(t, ...)
end

function table.sort(t, ...)
  local n = length(t)
  if n > 100000 then error("table.sort sorts at most 100000 values", 2) end
  spend(n * 8)
  return sort(t, ...)
end

function table.concat(t, ...)
  spend(length(t))
  return concat(t, ...)
end

function table.move(a, from, to, at, ...)
  if type(from) == "number" and type(to) == "number" and to >= from then
    if to - from >= 1000000 then error("table.move moves at most 1000000 values", 2) end
    spend((to - from) // 1 | 0)
  end
  return move(a, from, to, at, ...)
end

local resume, close = coroutine.resume, coroutine.close
function coroutine.resume(co, ...) return plain(resume(co, ...)) end
function coroutine.close(co) return plain(close(co)) end

-- Libraries as scripts see them: to be read, not written.
for _, name in raw.ipairs { "clock", "coroutine", "math", "string", "table", "utf8" } do
  local library, proxy = raw[name], {}
  protected[proxy] = name
  shared[name] = setmetatable(proxy, {
    __index = library,
    __newindex = function() error(name .. " belongs to Cantus and cannot be changed", 2) end,
    -- The library itself must not come out as the iterator's state.
    __pairs = function(proxy)
      local step = shared.pairs(library)
      return function() return step() end, proxy, nil
    end,
    __metatable = false,
  })
end
