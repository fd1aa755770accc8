using System.Security.Cryptography;
using System.Text;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>Names of result blobs.</summary>
public static class ResultName
{
    private const string Ending = ".json";
    private const string PictureEnding = ".jpg";

    /// <summary>
    /// The result of an image in container <c>detections</c>: <c>&lt;container&gt;/&lt;name&gt;.json</c>. Where that is longer than a
    /// blob's name may be, its end is replaced by <c>~</c> and 32 digits of its SHA-256.
    /// </summary>
    public static string For(string container, string name) => Fit($"{container}/{name}{Ending}", Ending);

    /// <summary>A picture of an image in container <c>detections</c>: <c>&lt;folder&gt;/&lt;container&gt;/&lt;name&gt;.jpg</c>.</summary>
    internal static string ForPicture(string folder, string container, string name) =>
        Fit($"{folder}/{container}/{name}{PictureEnding}", PictureEnding);

    private static string Fit(string full, string ending)
    {
        if (full.Length <= BlobNames.MaxLength)
        {
            return full;
        }

        var digits = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)).AsSpan(0, 16));
        var kept = BlobNames.MaxLength - digits.Length - ending.Length - 1;

        // Not through the middle of a character.
        kept -= char.IsHighSurrogate(full[kept - 1]) ? 1 : 0;
        return $"{full[..kept]}~{digits}{ending}";
    }
}
