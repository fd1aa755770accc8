using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nanodet.Detection.Description;

/// <summary>
/// Reads the NanoDet <c>.yml</c> of a model that does not describe itself: an ONNX file of the official exporter. Only what the
/// detector needs is read; <c>pretrain</c> and everything about training is ignored.
/// </summary>
internal sealed class ForeignModelConfig
{
    private const long MaxBytes = 1 << 20;
    private const int MaxDepth = 32;
    private readonly YamlNode _root;
    private readonly string _where;

    private ForeignModelConfig(YamlNode root, string where)
    {
        _root = root;
        _where = where;
    }

    /// <summary>The config beside a model: same name, ending <c>.yml</c> or <c>.yaml</c>; null when there is none.</summary>
    internal static string? FindBeside(string modelPath)
    {
        ReadOnlySpan<string> endings = [".yml", ".yaml"];
        foreach (var ending in endings)
        {
            var path = Path.ChangeExtension(modelPath, ending);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>Reads a description from a file.</summary>
    /// <exception cref="ModelLoadException">The file is missing, is no NanoDet config or contradicts itself.</exception>
    internal static ModelDescription ReadFile(string path, string name)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelLoadException(ModelErrorCodes.MetadataMissing, $"Expected a NanoDet config at {path}, found no file.");
        }

        return file.Length <= MaxBytes
            ? Read(File.ReadAllText(path), name, file.Name)
            : throw ModelLoadException.Contract($"{file.Name}: expected a config of at most {MaxBytes} bytes, found {file.Length}.");
    }

    /// <summary>Reads a description from YAML text; <paramref name="where"/> names it in messages.</summary>
    internal static ModelDescription Read(string yaml, string name, string where)
    {
        var stream = new YamlStream();
        try
        {
            RequireDepth(yaml, where);
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException exception)
        {
            throw new ModelLoadException(
                ModelErrorCodes.ContractViolated,
                $"{where}, line {exception.Start.Line}: expected YAML, found: {exception.Message}",
                exception);
        }

        return stream.Documents.Count > 0
            ? new ForeignModelConfig(stream.Documents[0].RootNode, where).Describe(name).Validate(where)
            : throw ModelLoadException.Contract($"{where}: expected a NanoDet config, found an empty file.");
    }

    /// <summary>Counts the nesting event by event: building the tree recurses, and a deep one would end the process.</summary>
    private static void RequireDepth(string yaml, string where)
    {
        var parser = new Parser(new StringReader(yaml));
        var depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current?.NestingIncrease ?? 0;
            if (depth > MaxDepth)
            {
                throw ModelLoadException.Contract(
                    $"{where}, line {parser.Current!.Start.Line}: expected at most {MaxDepth} levels of nesting, found more.");
            }
        }
    }

    private ModelDescription Describe(string name)
    {
        var head = Head(out var kind, out var defaultRegMax);
        var size = Numbers(Required("data", "val", "input_size"), "data.val.input_size", 2);
        var normalize = Sequence(Required("data", "val", "pipeline", "normalize"), "data.val.pipeline.normalize");
        if (normalize.Children.Count != 2)
        {
            throw Unexpected("data.val.pipeline.normalize", "two lists, mean and std", $"{normalize.Children.Count} entries");
        }

        var classes = Sequence(Required("class_names"), "class_names").Children.Select(node => Scalar(node, "class_names")).ToArray();
        var count = Integer(Required("model", "arch", "head", "num_classes"), "model.arch.head.num_classes");
        if (classes.Length != count)
        {
            throw Unexpected("class_names", $"as many names as model.arch.head.num_classes ({count})", $"{classes.Length}");
        }

        return new ModelDescription
        {
            Name = name,
            Head = kind,
            ClassNames = classes,
            Strides = Find(head, "strides") is { } strides
                ? [.. Numbers(strides, "model.arch.head.strides").Select(stride => Whole(stride, "model.arch.head.strides"))]
                : [8, 16, 32],
            RegMax = Find(head, "reg_max") is { } regMax ? Integer(regMax, "model.arch.head.reg_max") : defaultRegMax,
            Input = new ModelInput(
                Whole(size[0], "data.val.input_size"),
                Whole(size[1], "data.val.input_size"),
                Boolean(Required("data", "val", "keep_ratio"), "data.val.keep_ratio")),
            Mean = Numbers(normalize.Children[0], "data.val.pipeline.normalize", 3),
            Std = Numbers(normalize.Children[1], "data.val.pipeline.normalize", 3),
            IsForeign = true,
        };
    }

    private YamlNode Head(out HeadKind kind, out int defaultRegMax)
    {
        // The defaults are those of the official head classes' constructors.
        var name = Scalar(Required("model", "arch", "head", "name"), "model.arch.head.name");
        (kind, defaultRegMax) = name switch
        {
            "NanoDetPlusHead" => (HeadKind.Plus, 7),
            "NanoDetHead" or "GFLHead" => (HeadKind.Legacy, 16),
            _ => throw Unexpected("model.arch.head.name", "NanoDetPlusHead, NanoDetHead or GFLHead", name),
        };
        return Required("model", "arch", "head");
    }

    private YamlNode Required(params ReadOnlySpan<string> path)
    {
        var node = _root;
        foreach (var key in path)
        {
            node = Find(node, key) ?? throw Unexpected(string.Join('.', path), "a value", "none");
        }

        return node;
    }

    private static YamlNode? Find(YamlNode node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private YamlSequenceNode Sequence(YamlNode node, string path) =>
        node as YamlSequenceNode ?? throw Unexpected(path, "a list", node.NodeType.ToString());

    private string Scalar(YamlNode node, string path) =>
        (node as YamlScalarNode)?.Value ?? throw Unexpected(path, "a plain value", node.NodeType.ToString());

    private double[] Numbers(YamlNode node, string path, int? count = null)
    {
        var numbers = Sequence(node, path).Children.Select(child => Number(child, path)).ToArray();
        return count is null || numbers.Length == count
            ? numbers
            : throw Unexpected(path, $"{count} numbers", $"{numbers.Length}");
    }

    private double Number(YamlNode node, string path) =>
        double.TryParse(Scalar(node, path), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Unexpected(path, "a number", Scalar(node, path));

    private int Integer(YamlNode node, string path) => Whole(Number(node, path), path);

    private int Whole(double number, string path) => number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue
        ? (int)number
        : throw Unexpected(path, "a whole number", number.ToString(CultureInfo.InvariantCulture));

    private bool Boolean(YamlNode node, string path) => Scalar(node, path).ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" => true,
        "FALSE" or "NO" or "OFF" => false,
        var other => throw Unexpected(path, "true or false", other),
    };

    private ModelLoadException Unexpected(string path, string expected, string found) =>
        ModelLoadException.Contract($"{_where}, {path}: expected {expected}, found {found}.");
}
