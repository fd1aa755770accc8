using Nanodet.Detection.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

public sealed class ImageFuzzTests
{
    private static readonly ImageLimits Limits = new() { MaxPixels = 1_000_000 };

    [Fact]
    public void Decode_2000MutatedImages_GivesPixelsOrAnImageException()
    {
        var random = new Random(20260131);
        byte[][] seeds =
        [
            TestImages.Encoded(".jpg"), TestImages.Encoded(".jpg", variant: true), TestImages.Encoded(".png"), TestImages.Encoded(".bmp"),
            TestImages.Encoded(".webp"), TestImages.Encoded(".webp", variant: true), TestImages.Encoded(".gif"), TestImages.Encoded(".tiff"),
            FlatJpeg.Cmyk(10, 20, 30, 40), TestImages.WithExifOrientation(TestImages.Encoded(".jpg"), 6),
        ];
        var codes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < 2000; i++)
        {
            var code = Decode(Mutate(seeds[i % seeds.Length], random));
            codes[code] = codes.GetValueOrDefault(code) + 1;
        }

        Assert.All(codes.Keys, code => Assert.Contains(code, ImageErrorCodes.All.Append("decoded")));
        Assert.True(codes["decoded"] > 100 && codes[ImageErrorCodes.Truncated] > 100, string.Join(", ", codes));
    }

    [Fact]
    public void Decode_RandomBytes_AreNotAnImage()
    {
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(1, 2000)];
            random.NextBytes(bytes);
            Assert.Equal(ImageErrorCodes.NotAnImage, Decode(bytes));
        }
    }

    private static string Decode(byte[] bytes)
    {
        try
        {
            using var image = ImageDecoder.Decode(bytes, Limits);
            return "decoded";
        }
        catch (ImageException exception)
        {
            Assert.NotEmpty(exception.Message);
            return exception.Code;
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(1, 6); changes > 0 && bytes.Count > 4; changes--)
        {
            // Headers are where the decisions are: half of the changes go there.
            var position = random.Next(random.Next(2) == 0 ? Math.Min(64, bytes.Count) : bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[position] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[position] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[position] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                    break;
                case 3:
                    bytes.RemoveRange(position, Math.Min(random.Next(1, 16), bytes.Count - position));
                    break;
                case 4:
                    bytes.InsertRange(position, bytes.GetRange(position, Math.Min(random.Next(1, 16), bytes.Count - position)));
                    break;
                default:
                    if (random.Next(4) == 0)
                    {
                        bytes.RemoveRange(position, bytes.Count - position);
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
