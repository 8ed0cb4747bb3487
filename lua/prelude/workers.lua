-- What a worker has brought back, as a function without arguments. Lua through and through, so that it may wait.
local raw, _, native = ...
local pack, unpack = raw.table.pack, raw.table.unpack

function native.answer(body, ...)
  local results = pack(...)
  return function() return body(unpack(results, 1, results.n)) end
end
