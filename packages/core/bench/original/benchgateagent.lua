-- A gate with an agent service for each connection, that returns every packet.
local skynet = require "skynet"
require "skynet.manager"
local gateserver = require "snax.gateserver"
local agents = {}
local handler = {}

skynet.register_protocol { name = "client", id = skynet.PTYPE_CLIENT }

function handler.connect(fd)
  agents[fd] = skynet.newservice "benchagent"
  gateserver.openclient(fd)
end
function handler.message(fd, message, size) skynet.redirect(agents[fd], 0, "client", fd, message, size) end
local function drop(fd)
  if agents[fd] then skynet.kill(agents[fd]) end
  agents[fd] = nil
end
handler.disconnect, handler.error = drop, drop
function handler.command() end

gateserver.start(handler)
