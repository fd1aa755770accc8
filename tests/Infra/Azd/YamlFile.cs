using YamlDotNet.RepresentationModel;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>A YAML file with one document.</summary>
internal static class YamlFile
{
    public static YamlMappingNode Read(params string[] path)
    {
        using var reader = new StreamReader(Repository.PathOf(path));
        var stream = new YamlStream();
        stream.Load(reader);
        return Assert.IsType<YamlMappingNode>(Assert.Single(stream.Documents).RootNode);
    }

    public static YamlNode At(this YamlNode node, params string[] names) => names.Aggregate(node, (inner, name) => inner[name]);

    public static string Text(this YamlNode node, params string[] names) => Assert.IsType<YamlScalarNode>(node.At(names)).Value!;
}
