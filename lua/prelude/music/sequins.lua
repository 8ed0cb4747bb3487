-- Lists that know where they are: `sequins` goes on when it is called, `ring` goes round.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, rawget, setmetatable, tointeger = raw.type, raw.rawget, raw.setmetatable, raw.math.tointeger
local LIST = kit.LIST

-- The inside of such an object, if it is one of that kind.
local function inside(value, kind)
  local held = type(value) == "table" and rawget(value, LIST)
  return held and held.kind == kind and held or nil
end

-- The object before the colon.
function kit.this(value, kind, method)
  local held = inside(value, kind)
  if not held then
    blame("%s: call it with a colon, as in %s:%s(); this has %s before it", method, kind, method, kit.a(value))
  end
  return held
end

-- A list of one's own, not empty.
function kit.copied(list, who)
  local values, n = kit.some(list, who)
  local out = {}
  for i = 1, n do out[i] = values[i] end
  return out
end

-- What rings and sequins have in common, put into a metatable.
function kit.listlike(kind, meta)
  meta.__metatable = native.closed("a " .. kind)
  meta.__len = function(object) return #rawget(object, LIST).data end
  meta.__pairs = function(object)
    local data, i = rawget(object, LIST).data, 0
    return function()
      i = i + 1
      if data[i] ~= nil then return i, data[i] end
    end, object, nil
  end
  meta.__tostring = function(object)
    local parts = {}
    for i, value in raw.ipairs(rawget(object, LIST).data) do parts[i] = shared.tostring(value) end
    return kind .. "{" .. raw.table.concat(parts, ", ") .. "}"
  end
  return meta
end

local read

-- Whether it plays at this visit: `every` and `times` count them.
local function plays(held)
  held.visits = held.visits + 1
  if held.visits % held.every ~= 0 then return false end
  held.played = held.played + 1
  return held.played <= held.times
end

-- The next value; nil if everything within passes.
function read(held)
  local data = held.data
  -- A sequins within that gives several values at a visit is not done yet.
  if held.owed > 0 then
    local within = inside(data[held.at], "sequins")
    if within then
      held.owed = held.owed - 1
      return read(within)
    end
    held.owed = 0
  end
  local longest = 1
  for _, value in raw.ipairs(data) do
    local within = inside(value, "sequins")
    if within and within.every > longest then longest = within.every end
  end
  for _ = 1, #data * longest do
    held.at = held.at == 0 and 1 or (held.at - 1 + held.stride) % #data + 1
    local value = data[held.at]
    local within = inside(value, "sequins")
    if not within then return value end
    if plays(within) then
      held.owed = within.count - 1
      return read(within)
    end
  end
  return nil
end

local function reset(held)
  held.at, held.owed, held.visits, held.played, held.last = 0, 0, 0, 0, nil
  for _, value in raw.ipairs(held.data) do
    local within = inside(value, "sequins")
    if within then reset(within) end
  end
end

local function place(held, index, extra)
  local i = type(index) == "number" and tointeger(index)
  if not i or i < 1 or i > #held.data + extra then
    blame("sequins: there is no place %s; places 1 to %d are possible", kit.a(index), #held.data + extra)
  end
  return i
end

-- Whether `wanted` is somewhere within `held`: a circle would never end.
local function holds(held, wanted)
  if held == wanted then return true end
  for _, value in raw.ipairs(held.data) do
    local within = inside(value, "sequins")
    if within and holds(within, wanted) then return true end
  end
  return false
end

local sequins_meta = kit.listlike("sequins", {
  __call = function(object)
    local held = rawget(object, LIST)
    if not plays(held) then return nil end
    held.last = read(held)
    return held.last
  end,
  __index = function(object, key)
    local held = rawget(object, LIST)
    if type(key) == "number" then return held.data[key] end
    return kit.methods.sequins[key] or kit.unknown("sequins", key)
  end,
  __newindex = function(object, key, value)
    local held = rawget(object, LIST)
    local i = place(held, key, 1)
    if value == nil then blame("sequins: a value cannot be nil") end
    local within = inside(value, "sequins")
    if within and holds(within, held) then blame("sequins: it cannot be within itself") end
    held.data[i] = value
  end,
})

define {
  name = "sequins",
  params = "values: any[]", returns = "sequins",
  doc = "A list that is read one value at a time by calling it, and begins again at its end. A sequins within gives its next \z
         value each time its turn comes. s[i] = v changes a value, #s counts them.",
  example = [[local s = sequins{60, 62, sequins{64, 67}}
    assert(s() == 60 and s() == 62 and s() == 64 and s() == 60 and s() == 62 and s() == 67)]],
  function(values)
    local data = kit.copied(values, "sequins")
    local held = { kind = "sequins", data = data, stride = 1, every = 1, times = raw.math.huge, count = 1 }
    reset(held)
    return setmetatable({ [LIST] = held }, sequins_meta)
  end,
}

-- A method that sets how it goes on, and answers with the sequins itself.
local function setter(name, field, lowest, doc, example)
  define {
    name = name, of = "sequins",
    params = "n: integer", returns = "sequins",
    doc = doc, example = example,
    function(object, n)
      local held = kit.this(object, "sequins", name)
      held[field] = kit.whole(n, name, "the number", lowest, 1000)
      return object
    end,
  }
end

setter("step", "stride", -1000,
  "How many places it goes on at each reading (1); 0 stays, below 0 goes back.",
  [[local s = sequins{1, 2, 3}:step(2)  assert(s() == 1 and s() == 3 and s() == 2)]])
setter("every", "every", 1,
  "Lets it play only each so many-th time its turn comes; the turns between pass to the next value.",
  [[local s = sequins{1, sequins{2}:every(2)}  assert(s() == 1 and s() == 1 and s() == 2)]])
setter("times", "times", 0,
  "Lets it play only the first so many times; later turns pass to the next value.",
  [[local s = sequins{1, sequins{2}:times(1)}  assert(s() == 1 and s() == 2 and s() == 1 and s() == 1)]])
setter("count", "count", 1,
  "Lets it give so many values each time its turn comes, before the list around it goes on.",
  [[local s = sequins{1, sequins{2, 3}:count(2)}  assert(s() == 1 and s() == 2 and s() == 3 and s() == 1)]])

define {
  name = "reset", of = "sequins",
  params = "", returns = "sequins",
  doc = "Begins again at the first value, with all that is within.",
  example = [[local s = sequins{1, 2}  s()  s:reset()  assert(s() == 1)]],
  function(object)
    reset(kit.this(object, "sequins", "reset"))
    return object
  end,
}

define {
  name = "peek", of = "sequins",
  params = "", returns = "any",
  doc = "The value that was read last, without going on; nil before the first.",
  example = [[local s = sequins{1, 2}  s()  assert(s:peek() == 1)]],
  function(object) return kit.this(object, "sequins", "peek").last end,
}
