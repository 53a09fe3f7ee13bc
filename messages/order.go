package messages

// Begin tells the connection that devices have had time to open, so that it may open the link. Supervisor → connection.
type Begin struct{}

// CloseDevices begins the orderly stop: devices take nothing new, finish what they have and close.
// Supervisor → mapper, which turns away what still arrives, and → devices.
type CloseDevices struct{}

// DevicesClosed tells that every device has closed. Devices → supervisor.
type DevicesClosed struct{}

// Flush follows the devices' last words on their way, so that the link closes behind them, and behind the word that
// devices and gateway are offline.
// Supervisor → mapper → connection.
type Flush struct{}
