namespace Nanodet.Serverless.Viewer;

/// <summary>Resources of this assembly.</summary>
internal static class Resource
{
    internal static byte[] Read(string name)
    {
        using var stream = typeof(Resource).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"The assembly has no resource '{name}'.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
