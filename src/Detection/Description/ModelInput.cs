namespace Nanodet.Detection.Description;

/// <summary>How an image becomes an input tensor.</summary>
/// <param name="Width">Configured width, in pixels.</param>
/// <param name="Height">Configured height, in pixels.</param>
/// <param name="KeepRatio">
/// False: the image is stretched to the size, and padded where the graph's input is the next multiple of <see cref="Divisor"/>. True: it is
/// scaled to fit into the size, then padded.
/// </param>
public sealed record ModelInput(int Width, int Height, bool KeepRatio)
{
    /// <summary>Sides of a padded tensor are multiples of this, in pixels.</summary>
    public const int Divisor = 32;

    /// <summary>
    /// Width of every tensor, in pixels, where a keep-ratio graph was traced at one shape, or where a stretched image is padded; otherwise
    /// null.
    /// </summary>
    public int? TracedWidth { get; init; }

    /// <summary>Height of every tensor, in pixels, as <see cref="TracedWidth"/>.</summary>
    public int? TracedHeight { get; init; }

    /// <summary>A shape of the input tensor that every model of this kind takes.</summary>
    internal static (int Height, int Width) ShapeOf(ModelInput input) => input.KeepRatio
        ? (input.TracedHeight ?? RoundUp(input.Height), input.TracedWidth ?? RoundUp(input.Width))
        : (input.TracedHeight ?? input.Height, input.TracedWidth ?? input.Width);

    internal static int RoundUp(int pixels) => (pixels + Divisor - 1) / Divisor * Divisor;
}
