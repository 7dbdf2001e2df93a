// What is known of a planet.

export interface Planet {
  name: string;
  moons: number;
}
