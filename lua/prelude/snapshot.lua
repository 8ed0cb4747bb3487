-- The state as nested tables that are made as they are read. A table holds nothing itself, so that it cannot be changed.
local raw, shared, native = ...
local setmetatable, select, error, rawequal, type = raw.setmetatable, raw.select, raw.error, raw.rawequal, raw.type
local fetch, keys = native.fetch, native.keys

local function refuse()
  error("the state cannot be changed; to change the session, set its modules' parameters", 2)
end

-- All of a table, for a script to keep and change.
local function copy(value)
  if type(value) ~= "table" then return value end
  local all = {}
  for k, v in shared.pairs(value) do all[k] = copy(v) end
  return all
end

local function node(snapshot, id)
  local cache = {}
  return setmetatable({}, {
    __index = function(_, key)
      local value = cache[key]
      if value ~= nil then return value end
      local child, settled
      value, child, settled = fetch(snapshot, id, key)
      if child then
        value = node(snapshot, child)
      elseif value == nil or not settled then
        return value
      end
      cache[key] = value
      return value
    end,
    __newindex = refuse,
    __len = function() return select("#", keys(snapshot, id)) end,
    __pairs = function(t)
      local all, at = { keys(snapshot, id) }, 0
      return function()
        at = at + 1
        local key = all[at]
        if key ~= nil then return key, t[key] end
      end, t, nil
    end,
    __metatable = false,
  })
end

native.snapshot = function(snapshot)
  local root = node(snapshot, 0)
  return setmetatable({}, {
    __index = function(_, key)
      if rawequal(key, "clone") then return function() return copy(root) end end
      return root[key]
    end,
    __newindex = refuse,
    __pairs = function() return shared.pairs(root) end,
    __metatable = false,
  })
end
