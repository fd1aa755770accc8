using Nanodet.Detection.Description;
using Nanodet.Detection.Images;

namespace Nanodet.Detection.Preprocessing;

/// <summary>How far a JPEG may be reduced while it is decoded, when the model looks at it smaller anyway.</summary>
internal static class Reduction
{
    private static readonly int[] Steps = [8, 4, 2];

    /// <summary>The largest reduction that leaves at least as many pixels as the model's input has.</summary>
    /// <param name="header">The image; only a JPEG's decoder saves work by it.</param>
    /// <param name="input">The model's input.</param>
    /// <returns>1, 2, 4 or 8.</returns>
    internal static int For(ImageHeader header, ModelInput input)
    {
        if (header.Format == ImageFormat.Jpeg)
        {
            foreach (var reduction in Steps)
            {
                // The orientation is not known yet: both have to do, and the pixels have to show which it was.
                var (width, height) = (ReducedSize.Of(header.Width, reduction), ReducedSize.Of(header.Height, reduction));
                if ((width != height || header.Width == header.Height)
                    && Suffices(header.Width, header.Height, reduction, input)
                    && Suffices(header.Height, header.Width, reduction, input))
                {
                    return reduction;
                }
            }
        }

        return 1;
    }

    private static bool Suffices(int width, int height, int reduction, ModelInput input)
    {
        var geometry = InputGeometry.Create(width, height, input);
        return width / reduction >= geometry.WarpedWidth && height / reduction >= geometry.WarpedHeight;
    }
}
