-- The state as nested tables that are made as they are read, anew each time. All that stands in one is the state and the
-- number by which that knows it, under texts that no key is like: so it cannot be changed.
local raw, shared, native = ...
local setmetatable, select, error, type = raw.setmetatable, raw.select, raw.error, raw.type
local field, entry, keys = native.field, native.entry, native.keys

-- All of a table, for a script to keep and change.
local function copy(value)
  if type(value) ~= "table" then return value end
  local all = {}
  for k, v in shared.pairs(value) do all[k] = copy(v) end
  return all
end

local meta = { __metatable = native.closed("the state") }

function meta.__index(t, key)
  local state, number = t["\0state"], t["\0number"]
  local value, child
  if number < 0 then
    value, child = entry(state, number, key)
  else
    value, child = field(state, number, key)
  end
  if child then return setmetatable({ ["\0state"] = state, ["\0number"] = child }, meta) end
  if value == nil and number == 0 and key == "clone" then return function() return copy(t) end end
  return value
end

function meta.__newindex()
  error("the state cannot be changed; to change the session, set its modules' parameters", 2)
end

function meta.__eq(a, b) return a["\0state"] == b["\0state"] and a["\0number"] == b["\0number"] end

function meta.__len(t) return select("#", keys(t["\0state"], t["\0number"])) end

function meta.__pairs(t)
  local all, at = { keys(t["\0state"], t["\0number"]) }, 0
  return function()
    at = at + 1
    local key = all[at]
    if key ~= nil then return key, t[key] end
  end, t, nil
end

function native.snapshot(state) return setmetatable({ ["\0state"] = state, ["\0number"] = 0 }, meta) end
