namespace Nanodet.Serverless.TestKit;

/// <summary>A colour: blue, green, red.</summary>
public readonly record struct Bgr(byte Blue, byte Green, byte Red)
{
    public static Bgr Black => default;

    public static Bgr White => new(255, 255, 255);
}
