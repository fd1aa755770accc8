using Azure.Storage.Blobs;
using Nanodet.Detection.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>Small images, each different from every other, and files that are none.</summary>
internal static class SampleImages
{
    private static readonly Random Noise = new(20_000);

    /// <summary>Names and bytes of good images, in folders of ten.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Good(int count, string folder = "cam")
    {
        for (var i = 0; i < count; i++)
        {
            var ending = i % 3 == 0 ? ".png" : ".jpg";
            yield return ($"{folder}/{i / 10:D3}/{i:D4}{ending}", TestImages.Rectangle(
                80, 48, new Rect(i % 40, i / 40 % 20, 24, 16), new Bgr((byte)i, (byte)(255 - i), 128), ending));
        }
    }

    /// <summary>Twenty files of eight kinds, with the code that each has to get.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes, string Code)> Poison { get; } = [.. MakePoison()];

    public static Task UploadAsync(this BlobContainerClient container, IEnumerable<(string Name, byte[] Bytes)> images) =>
        Parallel.ForEachAsync(
            images,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken },
            async (image, token) =>
                await container.GetBlobClient(image.Name).UploadAsync(BinaryData.FromBytes(image.Bytes), overwrite: true, token));

    private static IEnumerable<(string Name, byte[] Bytes, string Code)> MakePoison()
    {
        var jpeg = TestImages.Encoded(".jpg");
        var png = TestImages.Encoded(".png");
        var kinds = new (string Ending, Func<byte[]> Make, string Code)[]
        {
            ("jpg", () => [], ImageErrorCodes.Empty),
            ("txt", () => "this is no image"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("zip.jpg", () => [.. "PK\x03\x04"u8, .. RandomBytes(200)], ImageErrorCodes.NotAnImage),
            ("html", () => "<!doctype html><title>404</title>"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("half.jpg", () => jpeg[..(jpeg.Length / 2)], ImageErrorCodes.Truncated),
            ("half.png", () => png[..(png.Length / 2)], ImageErrorCodes.Truncated),
            ("huge.png", () => TestImages.PngClaiming(30_000, 30_000), ImageErrorCodes.TooManyPixels),
            ("damaged.png", () => TestImages.PngClaiming(64, 64), ImageErrorCodes.Undecodable),
        };
        for (var i = 0; i < 20; i++)
        {
            var (ending, make, code) = kinds[i % kinds.Length];
            yield return ($"poison/{i:D2}.{ending}", make(), code);
        }
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        Noise.NextBytes(bytes);
        return bytes;
    }
}
