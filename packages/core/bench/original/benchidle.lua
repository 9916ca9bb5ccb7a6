-- Waits for messages, with a little state.
local skynet = require "skynet"
local last

skynet.start(function()
  skynet.dispatch("lua", function(_, _, value) last = value end)
end)
