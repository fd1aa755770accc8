namespace Nanodet.Detection.Images;

/// <summary>The size of an image that is decoded at a half, a quarter or an eighth of its own.</summary>
internal static class ReducedSize
{
    /// <summary>Columns or rows that are left.</summary>
    /// <param name="pixels">Columns or rows of the whole image.</param>
    /// <param name="reduction">1, 2, 4 or 8.</param>
    internal static int Of(int pixels, int reduction) => (pixels + reduction - 1) / reduction;
}
