-- Environments: each evaluation of a file has its own globals over the shared ones, with a `load` and a `require` that
-- stay in it. The result makes one.
local raw, shared, native = ...
local error, type, select, rawset = raw.error, raw.type, raw.select, raw.rawset
local load, pcall, setmetatable, concat = raw.load, raw.pcall, raw.setmetatable, raw.table.concat
local format, find = raw.string.format, raw.string.find
local firm = native.firm

-- The code of `load`, which may come in pieces.
local function whole(code)
  if type(code) ~= "function" then return code end
  local pieces = {}
  while true do
    local piece = code()
    if piece == nil or piece == "" then return concat(pieces) end
    pieces[#pieces + 1] = piece
  end
end

return function(by_name)
  local env, loaded, loading, begun = {}, {}, {}, nil
  env._G = env

  function env.load(code, name, _, ...)
    local target = env
    if select("#", ...) > 0 then target = (...) end
    code = whole(code)
    if type(code) ~= "string" then error("load takes text or a function that gives it, not " .. type(code), 2) end
    native.spend(#code)
    -- Errors in it must not seem to be ours.
    if type(name) ~= "string" or find(name, "[cantus", 1, true) then name = "=(load)" end
    return load(code, name, "t", target)
  end

  function env.require(name)
    if loaded[name] ~= nil then return loaded[name] end
    -- What was stopped for good has not said that it is no longer loading.
    if begun ~= native.begun() then loading, begun = {}, native.begun() end
    if loading[name] then
      error(format("require %q goes round in a circle: %s", name, concat(loading, " -> ") .. " -> " .. name), 2)
    end
    local code, chunk = native.source(name)
    local f, problem = load(code, "@" .. chunk, "t", env)
    if not f then error(problem, 0) end
    loading[name] = true
    loading[#loading + 1] = name
    local ok, value = pcall(f, name)
    loading[name] = nil
    loading[#loading] = nil
    if not ok then error(value, 0) end
    if value == nil then value = true end
    loaded[name] = value
    return value
  end

  local index = shared
  if by_name then
    index = function(_, name)
      local value = shared[name]
      if value ~= nil then return value end
      return native.module(name)
    end
  end
  return setmetatable(env, {
    __index = index,
    __newindex = function(t, name, value)
      if firm[name] then
        error(format("'%s' belongs to Cantus; choose another name, or make it local", name), 2)
      end
      rawset(t, name, value)
    end,
    __metatable = false,
  })
end
