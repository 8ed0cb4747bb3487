-- What scripts get in the place of Lua's own functions. Runs once, when the state is made; whatever is not named here
-- does not exist for scripts.
local raw, shared, native, own = ...
local error, type, select = raw.error, raw.type, raw.select
local rawget, rawlen, rawset = raw.rawget, raw.rawlen, raw.rawset
local format, sub, unpack = raw.string.format, raw.string.sub, raw.table.unpack
local spend, caught, length = native.spend, native.caught, native.length
local getmetatable, setmetatable, concat = raw.getmetatable, raw.setmetatable, raw.table.concat
local tointeger, tonumber = raw.math.tointeger, raw.tonumber

local allowed = {
  "_VERSION", "assert", "error", "ipairs", "rawequal", "select", "type",
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

-- Finalizers run without the hook: there are none. When a weak table loses what it holds depends on when garbage is
-- collected, and what a script does must not.
function shared.setmetatable(t, meta)
  if type(meta) == "table" then
    if rawget(meta, "__mode") ~= nil then
      error("__mode is not possible here, as what weak tables lose would differ from run to run; set to nil what is no \z
             longer needed", 2)
    end
    if rawget(meta, "__gc") ~= nil then
      error("__gc is not possible here; use a variable marked <close> instead", 2)
    end
    -- One that leads round in a circle would keep Lua busy for minutes within one instruction.
    local call = rawget(meta, "__call")
    if call ~= nil and type(call) ~= "function" then error("__call must be a function, not a " .. type(call), 2) end
  end
  return setmetatable(t, meta)
end

-- Objects of ours are tables that only their metatables make what they are: nothing raw may see into them or write past
-- them. They are known by what stands in the place of their metatable.
local names = {}
function native.closed(name)
  local mark = {}
  names[mark] = name
  return mark
end

function shared.getmetatable(value)
  local meta = getmetatable(value)
  if names[meta] then return false end
  return meta
end

-- Refuses objects of ours to a function that would see into them.
local function open(t, who)
  local name = names[getmetatable(t)]
  if name then native.blame(format("%s does not see into %s; read it by its keys, or with pairs", who, name)) end
end
native.open = open

function shared.rawget(t, k)
  open(t, "rawget")
  return rawget(t, k)
end

function shared.rawlen(t)
  open(t, "rawlen")
  return rawlen(t)
end

function shared.rawset(t, k, v)
  local name = names[getmetatable(t)]
  if name then error(name .. " belongs to Cantus and cannot be changed", 2) end
  return rawset(t, k, v)
end

-- Addresses differ from run to run. What would be named by its own has a number instead, by the order of asking.
local numbers, last = setmetatable({}, { __mode = "k" }), 0
local objects = { ["function"] = true, table = true, thread = true, userdata = true }

local function tostring(value)
  local text = raw.tostring(value)
  if not objects[type(value)] then return text end
  local address = format("%p", value)
  if sub(text, -#address) ~= address then return text end
  local number = numbers[value]
  if not number then
    last = last + 1
    number = last
    numbers[value] = number
  end
  return sub(text, 1, -#address - 1) .. number
end

function shared.tostring(...)
  if select("#", ...) == 0 then native.blame("tostring takes a value") end
  return tostring((...))
end

function shared.print(...)
  local parts = {}
  local values, n = { ... }, select("#", ...)
  for i = 1, n do parts[i] = tostring(values[i]) end
  native.emit(concat(parts, "\t"))
end

local string, table, coroutine = raw.string, raw.table, raw.coroutine

string.dump = nil
for _, library in raw.ipairs { string, raw.utf8 } do
  for _, name in raw.ipairs { "upper", "lower", "reverse", "len", "offset", "codepoint" } do
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

-- What C does with texts takes as long as they are long.
local function pay(...)
  local sum = 0
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    if type(value) == "string" then sum = sum + #value end
  end
  if sum > 100 then spend(sum // 16) end
end

local byte, codepoint = string.byte, raw.utf8.codepoint

function string.format(pattern, ...)
  pay(pattern, ...)
  local n, plain = select("#", ...), true
  for i = 1, n do plain = plain and type((select(i, ...))) == "number" end
  if plain then return format(pattern, ...) end
  local values = { ... }
  for i = 1, n do
    if objects[type(values[i])] then values[i] = tostring(values[i]) end
  end
  if type(pattern) == "string" and string.find(string.gsub(pattern, "%%%%", ""), "%%[-+ #0%d.]*p") then
    native.blame("string.format: %p would differ from run to run; compare the values themselves, or use %s")
  end
  return format(pattern, unpack(values, 1, n))
end

function shared.tonumber(...)
  pay(...)
  return tonumber(...)
end

-- Patterns of these can ask for texts of any size.
for name, f in raw.pairs { pack = string.pack, packsize = string.packsize, unpack = string.unpack } do
  string[name] = function(pattern, ...)
    if type(pattern) == "string" then
      if string.find(pattern, "%d%d%d%d%d") then error("string." .. name .. ": sizes have at most four digits", 2) end
      spend(#pattern)
    end
    pay(...)
    return f(pattern, ...)
  end
end

function string.sub(...)
  local part = sub(...)
  if #part > 100 then spend(#part // 16) end
  return part
end

-- A place in a list as C reads it: text may stand for a number. Nil for what C refuses.
local function place(value, without)
  if value == nil then return without end
  local kind = type(value)
  return (kind == "number" or kind == "string") and tointeger(tonumber(value)) or nil
end

-- Most values of one call: each call that passes them on takes as long as they are many.
local MOST = 10000

local function few(first, last, who)
  if first and last and last >= first then
    if last - first >= MOST or last - first < 0 then
      error(who .. " answers with at most " .. MOST .. " values", 3)
    end
    spend(last - first)
  end
end

function string.byte(s, from, to)
  local last = place(to, 0)
  if type(s) == "string" and last and last < 0 then last = last + #s + 1 end
  few(place(from, 1), last and type(s) == "string" and last > #s and #s or last, "string.byte")
  return byte(s, from, to)
end

function raw.utf8.codepoint(s, from, to, ...)
  if type(s) == "string" and #s > MOST then few(1, (place(to, 1) or 1) < 0 and #s or place(to, 1), "utf8.codepoint") end
  return codepoint(s, from, to, ...)
end

-- What C does with a table takes as long as the table is long.
local move, insert, remove, sort = table.move, table.insert, table.remove, table.sort
native.sort = sort

function table.unpack(t, from, to)
  local last = place(to, nil)
  if to == nil then last = #t end
  few(place(from, 1), last, "table.unpack")
  return unpack(t, from, to)
end

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

function table.concat(t, between, from, to)
  local first, last = place(from, 1), place(to, length(t))
  local sum, each = 0, type(between) == "string" and #between or 8
  for i = first or 1, last or 0 do
    local value = t[i]
    if value == nil then break end
    sum = sum + each + (type(value) == "string" and #value or 8)
  end
  spend(sum // 16)
  return concat(t, between, from, to)
end

function table.move(a, from, to, at, ...)
  local first, last = place(from), place(to)
  if first and last and last >= first then
    if last - first >= 1000000 or last - first < 0 then error("table.move moves at most 1000000 values", 2) end
    spend(last - first)
  end
  return move(a, from, to, at, ...)
end

-- The hook counts each coroutine by itself, and what one does before it fires for the first time it does not see: that
-- is paid for beforehand.
local UNSEEN = 200
local create, wrap = coroutine.create, coroutine.wrap
function coroutine.create(f)
  spend(UNSEEN)
  return create(f)
end
function coroutine.wrap(f)
  spend(UNSEEN)
  return wrap(f)
end

local resume, close, status = coroutine.resume, coroutine.close, coroutine.status
function coroutine.resume(co, ...) return plain(resume(co, ...)) end
function coroutine.close(co)
  local now = status(co)
  if now == "running" or now == "normal" then error("cannot close a " .. now .. " coroutine", 2) end
  return plain(close(co))
end

-- Libraries as scripts see them: to be read, not written.
for _, name in raw.ipairs { "clock", "coroutine", "math", "string", "table", "utf8" } do
  local library, proxy = raw[name], {}
  shared[name] = setmetatable(proxy, {
    __index = library,
    __newindex = function() error(name .. " belongs to Cantus and cannot be changed", 2) end,
    -- The library itself must not come out as the iterator's state.
    __pairs = function(proxy)
      local step = shared.pairs(library)
      return function() return step() end, proxy, nil
    end,
    __metatable = native.closed(name),
  })
end
