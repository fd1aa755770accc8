using System.Security.Cryptography;
using System.Text;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>What makes two results the same: docs/results.md, Identity.</summary>
public static class ResultIdentity
{
    /// <summary>
    /// SHA-256, as 64 lower-case hex digits, of <c>v1</c>, container, blob name, ETag, the model's SHA-256 and the options' hash, each
    /// followed by a line feed.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="name">The blob's name.</param>
    /// <param name="etag">The blob's ETag without quotes.</param>
    /// <param name="modelSha256">64 lower-case hex digits.</param>
    /// <param name="optionsHash">See <see cref="ResultOptions.ComputeHash"/>.</param>
    public static string Compute(string container, string name, string etag, string modelSha256, string optionsHash)
    {
        // Neither a container nor an ETag nor a hash can hold a line feed, so the parts cannot run into each other.
        var text = $"v1\n{container}\n{name}\n{etag}\n{modelSha256}\n{optionsHash}\n";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
