namespace Nanodet.Serverless.TestKit;

/// <summary>A rectangle of pixels.</summary>
public readonly record struct Rect(int X, int Y, int Width, int Height);
