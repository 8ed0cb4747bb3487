-- A list that goes round: every index has a value.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, rawget, setmetatable, tointeger = raw.type, raw.rawget, raw.setmetatable, raw.math.tointeger
local LIST = kit.LIST

local function at(held, i) return held.data[(i - 1) % #held.data + 1] end

local ring_meta = kit.listlike("ring", {
  __index = function(object, key)
    if type(key) ~= "number" then return kit.methods.ring[key] or kit.unknown("ring", key) end
    local i = tointeger(key)
    if not i then blame("ring: a place is a whole number, not %s", kit.a(key)) end
    return at(rawget(object, LIST), i)
  end,
  __newindex = function() blame("a ring cannot be changed; make another") end,
})

define {
  name = "ring",
  params = "values: any[]", returns = "ring",
  doc = "A list that goes round: behind the last value comes the first, before the first the last, whatever the index.",
  example = [[local r = ring{60, 62, 64}  assert(r[1] == 60 and r[4] == 60 and r[0] == 64 and #r == 3)]],
  function(values)
    return setmetatable({ [LIST] = { kind = "ring", data = kit.copied(values, "ring"), ticks = 0 } }, ring_meta)
  end,
}

define {
  name = "tick", of = "ring",
  params = "", returns = "any",
  doc = "Goes on by one and answers with the value there; the first time it is the first.",
  example = [[local r = ring{1, 2}  assert(r:tick() == 1 and r:tick() == 2 and r:tick() == 1)]],
  function(object)
    local held = kit.this(object, "ring", "tick")
    held.ticks = held.ticks + 1
    return at(held, held.ticks)
  end,
}

define {
  name = "look", of = "ring",
  params = "", returns = "any",
  doc = "The value of the last tick, without going on; before the first tick the first value.",
  example = [[local r = ring{1, 2}  r:tick()  assert(r:look() == 1)]],
  function(object)
    local held = kit.this(object, "ring", "look")
    return at(held, raw.math.max(held.ticks, 1))
  end,
}

define {
  name = "reset", of = "ring",
  params = "", returns = "ring",
  doc = "Lets the next tick be the first again.",
  example = [[local r = ring{1, 2}  r:tick()  r:reset()  assert(r:tick() == 1)]],
  function(object)
    kit.this(object, "ring", "reset").ticks = 0
    return object
  end,
}
