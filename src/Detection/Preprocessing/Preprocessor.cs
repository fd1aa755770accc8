using System.Buffers;
using System.Runtime.CompilerServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;

namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// Pixels to tensor in one pass over the output: warp, normalisation, and interleaved pixels to planes. The warp gives the bytes of
/// OpenCV's <c>warpPerspective</c> (bilinear, black where the image ends), which is what the official transform calls: a matrix without
/// rotation lets rows and columns be blended one after the other, and 32 * 32 parts of a byte need 18 bits, so nothing is rounded before
/// the end.
/// </summary>
internal sealed class Preprocessor
{
    private readonly RowSampler _sampler;

    internal Preprocessor(ModelDescription model) => _sampler = new RowSampler(new NormalizationTable(model));

    /// <summary>Writes one image's tensor: planes of rows, float32, 0 wherever the warped image does not reach.</summary>
    /// <param name="image">The pixels.</param>
    /// <param name="geometry">Made for this image's size.</param>
    /// <param name="destination"><see cref="InputGeometry.TensorLength"/> floats; each one is written.</param>
    internal void Write(DecodedImage image, InputGeometry geometry, Span<float> destination) =>
        Write(image.Rows(), image.Reduction, geometry, destination);

    /// <summary>Writes the tensor of pixels that may be a part of an image: black is what lies outside of that part.</summary>
    /// <param name="pixels">The pixels.</param>
    /// <param name="reduction">See <see cref="DecodedImage.Reduction"/>.</param>
    /// <param name="geometry">Made for their size.</param>
    /// <param name="destination"><see cref="InputGeometry.TensorLength"/> floats; each one is written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Write(PixelRows pixels, int reduction, InputGeometry geometry, Span<float> destination)
    {
        var (width, planeLength) = (geometry.WarpedWidth, geometry.TensorWidth * geometry.TensorHeight);
        var columns = ArrayPool<int>.Shared.Rent(2 * width);
        var sums = ArrayPool<ushort>.Shared.Rent((3 * (pixels.Width + 2)) + RowSampler.Slack);
        try
        {
            var offsets = columns.AsSpan(0, width);
            var weights = columns.AsSpan(width, width);
            var warp = geometry with { Matrix = geometry.Matrix.FromReduced(reduction) };
            FindColumns(WarpAxis.Columns(warp, pixels.Width, reduction > 1), offsets, weights);
            var row = sums.AsSpan(3, 3 * pixels.Width);
            sums.AsSpan(0, 3).Clear();
            sums.AsSpan(3 + row.Length).Clear();
            var rows = WarpAxis.Rows(warp, pixels.Height, reduction > 1);
            for (var y = 0; y < geometry.WarpedHeight; y++)
            {
                Blend(pixels, rows.Find(y, out var fraction), fraction, row);
                var target = destination[(y * geometry.TensorWidth)..];
                _sampler.Sample(sums, offsets, weights, target, planeLength);
                for (var plane = 0; plane < 3; plane++)
                {
                    target.Slice((plane * planeLength) + width, geometry.TensorWidth - width).Clear();
                }
            }
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(sums);
            ArrayPool<int>.Shared.Return(columns);
        }

        for (var plane = 0; plane < 3; plane++)
        {
            destination.Slice(plane * planeLength, planeLength)[(geometry.WarpedHeight * geometry.TensorWidth)..].Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindColumns(WarpAxis axis, Span<int> offsets, Span<int> weights)
    {
        for (var x = 0; x < offsets.Length; x++)
        {
            // The black pixel before the first one has the place 0.
            offsets[x] = 3 * (axis.Find(x, out var fraction) + 1);
            weights[x] = (WarpAxis.Parts - fraction) | (fraction << 16);
        }
    }

    /// <summary>Blends a row and the next; those outside of the image are black.</summary>
    private static void Blend(PixelRows pixels, int first, int fraction, Span<ushort> destination)
    {
        var (top, bottom) = (Math.Clamp(first, 0, pixels.Height - 1), Math.Clamp(first + 1, 0, pixels.Height - 1));
        RowBlender.Blend(
            pixels[top],
            pixels[bottom],
            top == first ? WarpAxis.Parts - fraction : 0,
            bottom == first + 1 ? fraction : 0,
            destination);
    }
}
