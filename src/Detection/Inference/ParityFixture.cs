using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The parity fixture of a model: one input, and what the plain graph computed from it when the model was exported. A model that gives the
/// same on this machine, within a tolerance, may serve. Verifying is the caller's choice: loading does not do it.
/// </summary>
public static class ParityFixture
{
    /// <summary>The seed of fixtures that are computed here.</summary>
    public const ulong DefaultSeed = 0x123456789ABCDEF0;

    private const int FormatVersion = 1;
    private const int MaxValues = 4096;
    private const int MaxSide = 4096;

    /// <summary>Computes the fixture of a model that describes itself, on the CPU with graph optimisation disabled.</summary>
    /// <param name="model">The bytes of an ONNX file with <c>nanodet.*</c> metadata.</param>
    /// <returns>The JSON for the metadata entry <c>nanodet.parity</c>.</returns>
    /// <exception cref="ModelLoadException">The bytes are no such model, or its class columns are no scores.</exception>
    public static string Compute(byte[] model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var session = SessionFactory.CreatePlain(model);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        if (!ModelMetadataReader.Describes(metadata))
        {
            throw new ModelLoadException(ModelErrorCodes.MetadataMissing, "Expected 'nanodet.*' metadata in the ONNX file, found none.");
        }

        var description = ModelSignature.Validate(session, new ModelMetadataReader(metadata).Read());
        var (height, width) = ModelInput.ShapeOf(description.Input);
        using var input = OrtValue.CreateTensorValueFromMemory(
            ParityInput.Create(DefaultSeed, height, width, description),
            [1, 3, height, width]);
        using var run = new RunOptions();
        using var outputs = session.Run(run, [ModelSignature.InputName], [input], [ModelSignature.OutputName]);
        ModelSignature.ValidateOutput(description, [1, 3, height, width], outputs[0].GetTensorTypeAndShape().Shape);

        var all = outputs[0].GetTensorDataAsSpan<float>();
        if (FindOutputProblem(all, description) is { } problem)
        {
            throw new ModelLoadException(ModelErrorCodes.ParityFailed, problem);
        }

        var step = Step(all.Length, description.Columns);
        var kept = Sample(all, 0, step);
        return JsonSerializer.Serialize(
            new ParityFixtureData
            {
                Version = FormatVersion,
                Generator = ParityInput.Generator,
                Seed = DefaultSeed,
                Shape = [1, 3, height, width],
                Offset = 0,
                Step = step,
                Values = ToBytes(kept),
                AbsMean = kept.Average(value => (double)Math.Abs(value)),
                OnnxRuntime = OrtEnv.Instance().GetVersionString(),
            },
            ParityFixtureJson.Default.ParityFixtureData);
    }

    /// <summary>
    /// Replays a model's fixture on the provider that the model runs on, by a run as any other, and checks that its class columns are
    /// scores.
    /// </summary>
    /// <param name="model">A loaded model. A foreign one carries no fixture: only its class columns are checked.</param>
    /// <param name="precision">
    /// The precision whose tolerance applies; null for the one that the model's metadata names. The provider and TF32 decide, too.
    /// </param>
    /// <returns>What was found; see <see cref="ParityResult.EnsurePassed"/>.</returns>
    /// <exception cref="ModelLoadException">The fixture itself is malformed: <see cref="ModelErrorCodes.ContractViolated"/>.</exception>
    public static ParityResult Verify(NanodetModel model, ParityPrecision? precision = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var description = model.Description;
        var fixture = description.Parity is null ? null : Parse(description.Parity, description);
        var (height, width) = fixture is null ? ModelInput.ShapeOf(description.Input) : (fixture.Shape[2], fixture.Shape[3]);
        using var input = model.Rent(1, height, width);
        ParityInput.Create(fixture?.Seed ?? DefaultSeed, height, width, description).CopyTo(input.Image(0));
        using var output = model.Run(input, 1);
        var result = fixture is null
            ? new ParityResult(HasFixture: false, 0, 0, 0, null)
            : Compare(
                output.All,
                fixture,
                description,
                ParityTolerance.For(precision ?? description.Precision, model.Provider.Name, model.UsesTf32));
        return result with { Problem = FindOutputProblem(output.All, description) ?? result.Problem };
    }

    /// <summary>The smallest step that keeps at most <see cref="MaxValues"/> values and runs through every column.</summary>
    internal static int Step(int length, int columns)
    {
        var step = Math.Max(1, (length + MaxValues - 1) / MaxValues);
        while (GreatestCommonDivisor(step, columns) != 1)
        {
            step++;
        }

        return step;
    }

    private static ParityResult Compare(
        ReadOnlySpan<float> all,
        ParityFixtureData fixture,
        ModelDescription description,
        ParityTolerance tolerance)
    {
        var count = fixture.Values.Length / sizeof(float);
        if (fixture.Offset + ((count - 1) * fixture.Step) >= all.Length)
        {
            throw ModelLoadException.Contract(
                $"nanodet.parity: expected {count} values from {fixture.Offset} in steps of {fixture.Step} "
                + $"to lie in an output of {all.Length}.");
        }

        var disagreements = 0;
        var largest = 0f;
        var means = new ParityMeans();
        var scales = Scales(fixture, count, description.Columns);
        for (var k = 0; k < count; k++)
        {
            var index = (int)(fixture.Offset + (k * fixture.Step));
            var column = index % description.Columns;
            var expected = Expected(fixture, k);
            var difference = Math.Abs(all[index] - expected);
            var isScore = column < description.ClassNames.Count;
            means.Add(isScore, expected, difference);

            // Not "greater than": a difference that is no number disagrees, too.
            if (!tolerance.ByMeans && !(difference <= tolerance.Of(scales[column], isScore)))
            {
                disagreements++;
            }

            largest = Math.Max(largest, difference);
        }

        var problem = disagreements > 0
            ? $"nanodet.parity: expected {count} output values as at export, found {disagreements} that differ, by up to {largest:G4}."
            : tolerance.ByMeans ? means.FindProblem(count) : null;
        return new ParityResult(HasFixture: true, count, disagreements, largest, problem);
    }

    /// <summary>The largest magnitude that the fixture has of each column.</summary>
    private static float[] Scales(ParityFixtureData fixture, int count, int columns)
    {
        var scales = new float[columns];
        for (var k = 0; k < count; k++)
        {
            ref var scale = ref scales[(int)((fixture.Offset + (k * fixture.Step)) % columns)];
            scale = Math.Max(scale, Math.Abs(Expected(fixture, k)));
        }

        return scales;
    }

    private static float Expected(ParityFixtureData fixture, int k) =>
        BinaryPrimitives.ReadSingleLittleEndian(fixture.Values.AsSpan(k * sizeof(float)));

    /// <summary>What shows, without a fixture, that an output is wrong: a value that is no number, or a score that is none.</summary>
    private static string? FindOutputProblem(ReadOnlySpan<float> all, ModelDescription description)
    {
        for (var index = 0; index < all.Length; index++)
        {
            if (!float.IsFinite(all[index]))
            {
                return $"Expected finite output values, found {all[index]:G4} at point {index / description.Columns}, column "
                    + $"{index % description.Columns}: the model's weights are beyond what it can compute with.";
            }
        }

        if (description.Activation != ScoreActivation.Sigmoid)
        {
            return null;
        }

        for (var point = 0; point < all.Length; point += description.Columns)
        {
            var scores = all.Slice(point, description.ClassNames.Count);
            for (var column = 0; column < scores.Length; column++)
            {
                if (!(scores[column] is >= 0 and <= 1))
                {
                    return $"Expected class scores in 0..1 after the sigmoid, found {scores[column]:G4} at point "
                        + $"{point / description.Columns}, class {column}: the export missed the sigmoid.";
                }
            }
        }

        return null;
    }

    private static ParityFixtureData Parse(string json, ModelDescription description)
    {
        ParityFixtureData? fixture;
        try
        {
            fixture = JsonSerializer.Deserialize(json, ParityFixtureJson.Default.ParityFixtureData);
        }
        catch (JsonException exception)
        {
            throw new ModelLoadException(
                ModelErrorCodes.ContractViolated,
                $"nanodet.parity: expected a fixture as JSON, found: {exception.Message}",
                exception);
        }

        var input = description.Input;
        return fixture is { Version: FormatVersion, Generator: ParityInput.Generator }
            && fixture is { Offset: >= 0 and < int.MaxValue, Step: > 0 and < int.MaxValue }
            && fixture.Shape is [1, 3, > 0 and <= MaxSide, > 0 and <= MaxSide]
            && (input.KeepRatio || (fixture.Shape[2], fixture.Shape[3]) == ModelInput.ShapeOf(input))
            && fixture.Values.Length is > 0 and <= MaxValues * sizeof(float)
            && fixture.Values.Length % sizeof(float) == 0
            ? fixture
            : throw ModelLoadException.Contract(
                $"nanodet.parity: expected version {FormatVersion}, generator '{ParityInput.Generator}', a shape that the model takes, "
                + $"and 1 to {MaxValues} values; found version {fixture?.Version}, generator '{fixture?.Generator}', "
                + $"shape [{string.Join(", ", fixture?.Shape ?? [])}], {fixture?.Values.Length / sizeof(float)} values.");
    }

    private static float[] Sample(ReadOnlySpan<float> all, int offset, int step)
    {
        var kept = new float[(all.Length - offset + step - 1) / step];
        for (var k = 0; k < kept.Length; k++)
        {
            kept[k] = all[offset + (k * step)];
        }

        return kept;
    }

    private static byte[] ToBytes(float[] values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
