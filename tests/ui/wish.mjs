// The wish to close a window, as the button in its frame sends it: a WM_DELETE_WINDOW message of the X protocol. A bare
// display has no frames, and xdotool before 3.2021 cannot send it.
import { connect } from "node:net";

/** The parts of what a server sends, each awaited with its length in bytes. */
function reader(socket) {
  let held = Buffer.alloc(0);
  let wanted;
  const give = () => {
    if (!wanted || held.length < wanted.length) return;
    const { length, resolve } = wanted;
    wanted = undefined;
    resolve(held.subarray(0, length));
    held = held.subarray(length);
  };
  socket.on("data", (data) => {
    held = Buffer.concat([held, data]);
    give();
  });
  return (length) =>
    new Promise((resolve) => {
      wanted = { length, resolve };
      give();
    });
}

/** Asks the window with this number, on the display with this name (":7"), to close. */
export async function wishClosed(display, window) {
  const socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const read = reader(socket);
  try {
    const hello = Buffer.alloc(12);
    hello.write("l");
    hello.writeUInt16LE(11, 2);
    socket.write(hello);
    const answer = await read(8);
    if (answer[0] !== 1) throw new Error(`the display ${display} refuses a connection`);
    await read(answer.readUInt16LE(6) * 4);
    const atom = async (name) => {
      const padded = Math.ceil(name.length / 4) * 4;
      const request = Buffer.alloc(8 + padded);
      request[0] = 16; // InternAtom
      request.writeUInt16LE(request.length / 4, 2);
      request.writeUInt16LE(name.length, 4);
      request.write(name, 8);
      socket.write(request);
      return (await read(32)).readUInt32LE(8);
    };
    const [protocols, wish] = [await atom("WM_PROTOCOLS"), await atom("WM_DELETE_WINDOW")];
    const message = Buffer.alloc(44);
    message[0] = 25; // SendEvent, of a ClientMessage in numbers of 32 bits
    message.writeUInt16LE(11, 2);
    message.writeUInt32LE(window, 4);
    message[12] = 33;
    message[13] = 32;
    message.writeUInt32LE(window, 16);
    message.writeUInt32LE(protocols, 20);
    message.writeUInt32LE(wish, 24);
    socket.write(message);
    await atom("WM_PROTOCOLS"); // answered once the message has been taken
  } finally {
    socket.destroy();
  }
}
