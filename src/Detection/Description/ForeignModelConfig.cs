using System.Text;
using Nanodet.Configs;

namespace Nanodet.Detection.Description;

/// <summary>
/// The NanoDet <c>.yml</c> of a model that does not describe itself: an ONNX file of the official exporter. Only what the detector needs
/// is read; <c>pretrain</c> and everything about training is ignored.
/// </summary>
internal static class ForeignModelConfig
{
    private const long MaxBytes = 1 << 20;

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
            ? Read(File.ReadAllBytes(path), name, file.Name)
            : throw ModelLoadException.Contract($"{file.Name}: expected a config of at most {MaxBytes} bytes, found {file.Length}.");
    }

    /// <summary>Reads a description from YAML text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="where">Names the config in messages.</param>
    /// <exception cref="ModelLoadException">The text is no NanoDet config or contradicts itself.</exception>
    internal static ModelDescription Read(string yaml, string name, string where) => Read(Encoding.UTF8.GetBytes(yaml), name, where);

    /// <summary>Reads a description from UTF-8 YAML.</summary>
    /// <inheritdoc cref="Read(string, string, string)"/>
    internal static ModelDescription Read(ReadOnlySpan<byte> yaml, string name, string where)
    {
        try
        {
            return Describe(NanodetConfigReader.Read(yaml), name).Validate(where);
        }
        catch (ModelLoadException exception) when (!exception.Message.StartsWith(where, StringComparison.Ordinal))
        {
            throw new ModelLoadException(exception.Code, $"{where}: {exception.Message}", exception);
        }
    }

    private static ModelDescription Describe(NanodetConfig config, string name)
    {
        // The defaults are those of the official head classes' constructors.
        var (kind, regMax) = config.Head.Text("name") switch
        {
            "NanoDetPlusHead" => (HeadKind.Plus, 7),
            "NanoDetHead" or "GFLHead" => (HeadKind.Legacy, 16),
            var other => throw config.Head.Required("name").Invalid(
                $"NanoDetPlusHead, NanoDetHead or GFLHead was expected, '{other}' was found"),
        };
        return new ModelDescription
        {
            Name = name,
            Head = kind,
            ClassNames = config.Classes,
            Strides = config.Head.Integers("strides", [8, 16, 32]),
            RegMax = config.Head.Integer("reg_max", regMax, 1, 255),
            Input = new ModelInput(config.InputWidth, config.InputHeight, config.KeepRatio),
            Mean = config.Mean,
            Std = config.Std,
            IsForeign = true,
        };
    }
}
