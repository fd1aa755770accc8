using System.Security.Cryptography;
using System.Text.Json;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.Detection.Tests.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

/// <summary>The preprocessing against OpenCV's warp and against its own plain twins: each float has to be the same one.</summary>
public sealed class WarpTwinTests
{
    private static readonly JsonElement[] Warps =
        [.. JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "opencv-warps.json"))).RootElement.EnumerateArray()];

    /// <summary>
    /// The bytes of OpenCV's <c>warpPerspective</c> (4.13, bilinear, black border) for noise of 264 sizes: the first half of their SHA-256,
    /// taken while OpenCV was part of this project.
    /// </summary>
    [Fact]
    public void Write_264Sizes_GiveOpenCvsWarp()
    {
        Assert.Equal(264, Warps.Length);
        for (var i = 0; i < Warps.Length; i++)
        {
            var (width, height) = (Warps[i][0].GetInt32(), Warps[i][1].GetInt32());
            var input = new ModelInput(Warps[i][2].GetInt32(), Warps[i][3].GetInt32(), Warps[i][4].GetBoolean());
            using var image = Noise(width, height, seed: i);

            var hash = Convert.ToHexStringLower(SHA256.HashData(WarpedPixels.Warp(image, input)));

            Assert.True(hash.StartsWith(Warps[i][5].GetString()!, StringComparison.Ordinal), $"{width}x{height} to {input} differs");
        }
    }

    [Fact]
    public unsafe void Rows_WithGapsBetweenThem_AreReadByTheirStep()
    {
        var bytes = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        fixed (byte* data = bytes)
        {
            var rows = new PixelRows(data + 2, step: 31, width: 5, height: 3);

            Assert.Equal(bytes[2..17], rows[0].ToArray());
            Assert.Equal(bytes[64..79], rows[2].ToArray());
        }
    }

    [Fact]
    public void Blend_AnyLengthAndWeight_EqualsItsTwin()
    {
        var random = new Random(7);
        for (var length = 0; length < 300; length++)
        {
            var (top, bottom) = (Extremes(length, random), Extremes(length, random));
            var fraction = random.Next(33);
            var (expected, actual) = (new ushort[length], new ushort[length]);

            RowBlender.ScalarBlend(top, bottom, 32 - fraction, fraction, expected);
            RowBlender.Blend(top, bottom, 32 - fraction, fraction, actual);

            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData(ColorOrder.Bgr, 103.53, true)]
    [InlineData(ColorOrder.Rgb, 103.53, true)]
    [InlineData(ColorOrder.Rgb, 1e7 + 0.3, false)]
    public void Sample_AnyLength_EqualsItsTwin(ColorOrder order, double mean, bool isAffine)
    {
        var random = new Random(9);
        var model = PreprocessorTests.Model(new ModelInput(8, 8, KeepRatio: false), order);
        var table = new NormalizationTable(model with { Mean = [mean, .. model.Mean.Skip(1)] });
        Assert.Equal(isAffine, table.IsAffine);
        var sampler = new RowSampler(table);
        for (var columns = 1; columns < 70; columns++)
        {
            var pixels = random.Next(1, 90);
            var sums = new ushort[(3 * (pixels + 2)) + RowSampler.Slack];
            for (var i = 3; i < 3 + (3 * pixels); i++)
            {
                sums[i] = (ushort)(random.Next(4) == 0 ? 255 * 32 : random.Next((255 * 32) + 1));
            }

            var offsets = Enumerable.Range(0, columns).Select(_ => 3 * random.Next(pixels + 1)).ToArray();
            offsets[^1] = 3 * (pixels + 1);
            var weights = Enumerable.Range(0, columns).Select(_ => random.Next(32)).Select(part => (32 - part) | (part << 16)).ToArray();
            weights[^1] = 32;
            var planeLength = columns + random.Next(5);
            var (expected, actual) = (new float[3 * planeLength], new float[3 * planeLength]);

            sampler.ScalarSample(sums, offsets, weights, expected, planeLength);
            sampler.Sample(sums, offsets, weights, actual, planeLength);

            Assert.Equal(expected, actual);
        }
    }

    private static DecodedImage Noise(int width, int height, int seed)
    {
        var picture = new TestPicture(width, height);
        Extremes(picture.Pixels.Length, new Random(seed)).CopyTo(picture.Pixels.AsSpan());
        return picture.ToImage();
    }

    private static byte[] Extremes(int length, Random random)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        for (var i = 0; i < length; i += 3)
        {
            bytes[i] = (byte)(random.Next(2) * 255);
        }

        return bytes;
    }
}
