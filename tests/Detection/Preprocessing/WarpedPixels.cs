using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

/// <summary>The warp's own bytes: a tensor that is not normalised holds them as they are.</summary>
internal static class WarpedPixels
{
    /// <summary>Blue, green, red of the warped image, without its padding, rows without a gap.</summary>
    internal static byte[] Warp(DecodedImage image, ModelInput input)
    {
        var geometry = InputGeometry.Create(image.Width, image.Height, input);
        var tensor = new float[geometry.TensorLength];
        tensor.AsSpan().Fill(float.NaN);
        new Preprocessor(PreprocessorTests.Model(input) with { Mean = [0, 0, 0], Std = [1, 1, 1] }).Write(image, geometry, tensor);
        var pixels = new byte[3 * geometry.WarpedWidth * geometry.WarpedHeight];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (plane, y, x) = (i % 3, i / 3 / geometry.WarpedWidth, i / 3 % geometry.WarpedWidth);
            pixels[i] = (byte)tensor[(((plane * geometry.TensorHeight) + y) * geometry.TensorWidth) + x];
        }

        return pixels;
    }
}
