using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Models;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Preprocessing;

/// <summary>
/// The plain preprocessing: OpenCV's perspective warp to 8-bit pixels, then normalisation through a table. A faster one has to give
/// the same floats as this twin.
/// </summary>
internal sealed class Preprocessor(ModelDescription model)
{
    private readonly NormalizationTable _table = new(model);

    /// <summary>Writes one image's tensor: planes of rows, float32, 0 wherever the warped image does not reach.</summary>
    /// <param name="image">The pixels.</param>
    /// <param name="geometry">Made for this image's size.</param>
    /// <param name="destination"><see cref="InputGeometry.TensorLength"/> floats; each one is written.</param>
    internal void Write(DecodedImage image, InputGeometry geometry, Span<float> destination)
    {
        using var warped = Warp(image.Pixels, geometry);
        Normalize(warped, geometry, destination);
    }

    /// <summary>Bilinear, black where the source ends, as the official transform calls it.</summary>
    internal static Mat Warp(Mat pixels, InputGeometry geometry)
    {
        var warped = new Mat();
        using var matrix = Mat.FromPixelData(3, 3, MatType.CV_64FC1, geometry.Matrix.ToRowMajor());
        Cv2.WarpPerspective(
            pixels,
            warped,
            matrix,
            new Size(geometry.WarpedWidth, geometry.WarpedHeight),
            InterpolationFlags.Linear,
            BorderTypes.Constant,
            Scalar.Black);
        return warped;
    }

    private unsafe void Normalize(Mat warped, InputGeometry geometry, Span<float> destination)
    {
        var planeLength = geometry.TensorWidth * geometry.TensorHeight;
        for (var y = 0; y < geometry.WarpedHeight; y++)
        {
            var pixels = new ReadOnlySpan<byte>((void*)warped.Ptr(y), 3 * geometry.WarpedWidth);
            for (var plane = 0; plane < 3; plane++)
            {
                var row = destination.Slice((plane * planeLength) + (y * geometry.TensorWidth), geometry.TensorWidth);
                var table = _table.Plane(plane);
                for (int x = 0, source = _table.SourceChannel(plane); x < geometry.WarpedWidth; x++, source += 3)
                {
                    row[x] = table[pixels[source]];
                }

                row[geometry.WarpedWidth..].Clear();
            }
        }

        for (var plane = 0; plane < 3; plane++)
        {
            destination.Slice(plane * planeLength, planeLength)[(geometry.WarpedHeight * geometry.TensorWidth)..].Clear();
        }
    }
}
