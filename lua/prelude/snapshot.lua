-- The state as nested tables that are made as they are read. What a table knows of itself stands under keys that no
-- script has, and nothing else stands in it: so it cannot be changed.
local raw, shared, native = ...
local setmetatable, select, error, type = raw.setmetatable, raw.select, raw.error, raw.type
local fetch, keys = native.fetch, native.keys
local SNAPSHOT, ID, TABLES = {}, {}, {}

-- All of a table, for a script to keep and change.
local function copy(value)
  if type(value) ~= "table" then return value end
  local all = {}
  for k, v in shared.pairs(value) do all[k] = copy(v) end
  return all
end

local meta = { __metatable = native.closed("the state") }

function meta.__index(t, key)
  local tables = t[TABLES]
  local known = tables and tables[key]
  if known then return known end
  local snapshot, id = t[SNAPSHOT], t[ID]
  local value, child = fetch(snapshot, id, key)
  if not child then
    if value == nil and id == 0 and key == "clone" then return function() return copy(t) end end
    return value
  end
  -- The same table each time; what else there is costs less to ask again than to keep.
  local made = setmetatable({ [SNAPSHOT] = snapshot, [ID] = child, [TABLES] = false }, meta)
  if tables then
    tables[key] = made
  else
    t[TABLES] = { [key] = made }
  end
  return made
end

function meta.__newindex()
  error("the state cannot be changed; to change the session, set its modules' parameters", 2)
end

function meta.__len(t) return select("#", keys(t[SNAPSHOT], t[ID])) end

function meta.__pairs(t)
  local all, at = { keys(t[SNAPSHOT], t[ID]) }, 0
  return function()
    at = at + 1
    local key = all[at]
    if key ~= nil then return key, t[key] end
  end, t, nil
end

function native.snapshot(snapshot)
  return setmetatable({ [SNAPSHOT] = snapshot, [ID] = 0, [TABLES] = false }, meta)
end
