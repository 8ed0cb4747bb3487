-- The musical library's beginning: how a function is written down with its prose, and the checks of what it is given.
-- What the library's files share, and scripts do not see, is in `native.kit`.
local raw, shared, native = ...
local type, rawget, rawlen = raw.type, raw.rawget, raw.rawlen
local format, tointeger, huge = raw.string.format, raw.math.tointeger, raw.math.huge
local lower, gsub = raw.string.lower, raw.string.gsub

local kit = {
  -- The methods of each kind of object.
  methods = { cycle = {}, sequins = {}, ring = {} },
  -- Where objects keep what they are: keys that no script can write.
  CYCLE = {}, LIST = {},
  -- Most values of a list that is made.
  MOST = 100000,
}
native.kit = kit

-- Puts a function where scripts find it. `row` has `name`, `params` and `returns` as editors show them, `doc`, `example`
-- and the function. With `of` it is only a method of such objects, with `also` a function and a method.
function kit.define(row)
  local f = row[1]
  if row.of then
    kit.methods[row.of][row.name] = f
  else
    shared[row.name] = f
    if row.also then kit.methods[row.also][row.name] = f end
  end
  -- Only who collects the prose has given a list for it.
  if native.rows then native.rows[#native.rows + 1] = row end
end

-- Ends the call with an error at the script's own line.
local function blame(text, ...) return native.blame(format(text, ...)) end
kit.blame = blame

-- A value in words.
local function a(value)
  if type(value) == "table" then
    if rawget(value, kit.CYCLE) then return "a cycle" end
    local list = rawget(value, kit.LIST)
    if list then return "a " .. list.kind end
  end
  return native.a(value)
end
kit.a = a

-- A number in words: 60, 0.5, 1e-9.
function kit.say(number) return format("%.14g", number) end

-- `; did you mean "dorian"?`, or nothing.
local function hint(word, known) return type(word) == "string" and native.hint(word, known) or "" end
kit.hint = hint

local function finite(value) return type(value) == "number" and value > -huge and value < huge end

function kit.number(value, who, what)
  if not finite(value) then blame("%s: %s must be a number, not %s", who, what, a(value)) end
  return value
end

function kit.within(value, who, what, low, high)
  if not finite(value) or value < low or value > high then
    blame("%s: %s must be a number from %s to %s, not %s", who, what, kit.say(low), kit.say(high), a(value))
  end
  return value
end

function kit.whole(value, who, what, lowest, highest)
  local n = finite(value) and tointeger(value)
  if not n or n < lowest or n > highest then
    blame("%s: %s must be a whole number from %d to %d, not %s", who, what, lowest, highest, a(value))
  end
  return n
end

function kit.call(value, who, what)
  if type(value) ~= "function" then blame("%s: %s must be a function, not %s", who, what, a(value)) end
  return value
end

function kit.text(value, who, what)
  if type(value) ~= "string" then blame("%s: %s must be text, not %s", who, what, a(value)) end
  return value
end

-- The values of a list, a ring or sequins, not to be changed; and how many they are.
function kit.list(value, who, what)
  if type(value) ~= "table" or rawget(value, kit.CYCLE) then
    blame("%s: %s must be a list, not %s", who, what or "it", a(value))
  end
  local held = rawget(value, kit.LIST)
  if held then value = held.data end
  return value, rawlen(value)
end

-- The same, of a list that must not be empty.
function kit.some(value, who, what)
  local list, n = kit.list(value, who, what)
  if n == 0 then blame("%s: there is nothing in %s; it takes at least one value", who, what or "the list") end
  return list, n
end

-- Refuses lists that would be too long.
function kit.room(n, who)
  if n > kit.MOST then
    blame("%s: that would be a list of %s values; %d are possible", who, kit.say(n), kit.MOST)
  end
end

-- A note as a number, from a number or a name.
function kit.note(value, who, what)
  if finite(value) then return value end
  local n = type(value) == "string" and native.note(value)
  if not n then
    blame("%s: %s must be a note such as \"C4\", \"F#3\" or 60, not %s", who, what or "it", a(value))
  end
  return n
end

-- Names as people write them: "Harmonic Minor" is harmonic_minor.
function kit.plain(name) return (gsub(lower(name), "[ %-]", "_")) end

-- A table of names from lines of `name other_name: 0 4 7`. Read when it is first needed: not every script asks.
function kit.book(lines)
  local book
  return function()
    if book then return book end
    book = { by_name = {}, names = {}, all = {} }
    for names, numbers in raw.string.gmatch(lines, "([^\n:]+): ([%d ]+)") do
      local steps = {}
      for number in raw.string.gmatch(numbers, "%d+") do steps[#steps + 1] = tointeger(raw.tonumber(number)) end
      local first = true
      for name in raw.string.gmatch(names, "%S+") do
        if first then book.names[#book.names + 1] = name end
        first = false
        book.by_name[name] = steps
        -- To take a slip of the finger for a name of one letter helps nobody.
        if #name > 2 then book.all[#book.all + 1] = name end
      end
    end
    return book
  end
end

-- What an object of the library answers to a name that it does not have.
function kit.unknown(kind, key)
  local known = {}
  for name in raw.pairs(kit.methods[kind]) do known[#known + 1] = name end
  blame("a %s has no method %s%s", kind, a(key), hint(key, known))
end
