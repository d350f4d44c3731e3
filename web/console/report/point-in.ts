interface Size {
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

/**
 * Return where a point of a room is in the picture that is fitted into its middle, each from 0 to 1.
 * Beside the picture, that is the nearest of its edge.
 */
export function pointIn(point: Point, room: Size, picture: Size): Point {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  const along = (at: number, whole: number, own: number) =>
    Math.min(1, Math.max(0, (at - (whole - own) / 2) / own)) || 0;
  return {
    x: along(point.x, room.width, picture.width * scale),
    y: along(point.y, room.height, picture.height * scale),
  };
}
