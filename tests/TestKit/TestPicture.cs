namespace Nanodet.Serverless.TestKit;

/// <summary>Pixels that a test draws: blue, green, red, rows without a gap.</summary>
public sealed class TestPicture(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>The bytes of all pixels.</summary>
    public byte[] Pixels { get; } = new byte[3 * width * height];

    public Bgr this[int x, int y]
    {
        get
        {
            var start = 3 * ((y * Width) + x);
            return new Bgr(Pixels[start], Pixels[start + 1], Pixels[start + 2]);
        }

        set
        {
            var start = 3 * ((y * Width) + x);
            (Pixels[start], Pixels[start + 1], Pixels[start + 2]) = (value.Blue, value.Green, value.Red);
        }
    }

    /// <summary>Gives a rectangle one colour.</summary>
    public TestPicture Fill(Rect rectangle, Bgr color)
    {
        for (var y = rectangle.Y; y < rectangle.Y + rectangle.Height; y++)
        {
            for (var x = rectangle.X; x < rectangle.X + rectangle.Width; x++)
            {
                this[x, y] = color;
            }
        }

        return this;
    }
}
