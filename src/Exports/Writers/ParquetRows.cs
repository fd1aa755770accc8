using System.Buffers;
using System.Runtime.CompilerServices;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Parquet;
using Parquet.Schema;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>The rows of one group, a list for each column.</summary>
internal sealed class ParquetRows
{
    private static readonly DataField Container = new DataField<string>("container", nullable: true);
    private static readonly DataField Name = new DataField<string>("name", nullable: true);
    private static readonly DataField Status = new DataField<string>("status", nullable: true);
    private static readonly DataField ImageWidth = new DataField<int>("image_width", nullable: true);
    private static readonly DataField ImageHeight = new DataField<int>("image_height", nullable: true);
    private static readonly DataField ClassId = new DataField<int>("class_id", nullable: true);
    private static readonly DataField ClassName = new DataField<string>("class_name", nullable: true);
    private static readonly DataField Score = new DataField<float>("score", nullable: true);
    private static readonly DataField X = new DataField<float>("x", nullable: true);
    private static readonly DataField Y = new DataField<float>("y", nullable: true);
    private static readonly DataField Width = new DataField<float>("width", nullable: true);
    private static readonly DataField Height = new DataField<float>("height", nullable: true);
    private static readonly DataField ErrorCode = new DataField<string>("error_code", nullable: true);
    private static readonly DataField ErrorMessage = new DataField<string>("error_message", nullable: true);
    private static readonly DataField ModelName = new DataField<string>("model_name", nullable: true);
    private static readonly DataField ModelVersion = new DataField<string>("model_version", nullable: true);
    private static readonly DataField CreatedUtc =
        new DateTimeDataField("created_utc", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros);

    private readonly List<(DetectionResult Result, DetectedObject? Detection)> _rows = [];

    internal static ParquetSchema Schema { get; } = new(
        Container, Name, Status, ImageWidth, ImageHeight, ClassId, ClassName, Score, X, Y, Width, Height, ErrorCode, ErrorMessage,
        ModelName, ModelVersion, CreatedUtc);

    internal int Count => _rows.Count;

    internal void Add(DetectionResult result, in DetectedObject? detection) => _rows.Add((result, detection));

    internal void Clear() => _rows.Clear();

    internal async Task WriteAsync(ParquetRowGroupWriter group, CancellationToken cancellationToken)
    {
        await TextAsync(Container, (result, _) => result.Image.Container).ConfigureAwait(false);
        await TextAsync(Name, (result, _) => result.Image.Name).ConfigureAwait(false);
        await TextAsync(Status, (result, _) => DetectionStatusConverter.Text(result.Status)).ConfigureAwait(false);
        await NumbersAsync(ImageWidth, (result, _) => result.Image.Width).ConfigureAwait(false);
        await NumbersAsync(ImageHeight, (result, _) => result.Image.Height).ConfigureAwait(false);
        await NumbersAsync(ClassId, (_, detection) => detection?.ClassId).ConfigureAwait(false);
        await TextAsync(ClassName, (_, detection) => detection?.ClassName).ConfigureAwait(false);
        await NumbersAsync(Score, (_, detection) => detection?.Score).ConfigureAwait(false);
        await NumbersAsync(X, (_, detection) => detection?.Box.X).ConfigureAwait(false);
        await NumbersAsync(Y, (_, detection) => detection?.Box.Y).ConfigureAwait(false);
        await NumbersAsync(Width, (_, detection) => detection?.Box.Width).ConfigureAwait(false);
        await NumbersAsync(Height, (_, detection) => detection?.Box.Height).ConfigureAwait(false);
        await TextAsync(ErrorCode, (result, _) => result.Error?.Code).ConfigureAwait(false);
        await TextAsync(ErrorMessage, (result, _) => result.Error?.Message).ConfigureAwait(false);
        await TextAsync(ModelName, (result, _) => result.Model?.Name).ConfigureAwait(false);
        await TextAsync(ModelVersion, (result, _) => result.Model?.Version).ConfigureAwait(false);
        await ColumnAsync(
            (result, _) => result.CreatedUtc,
            values => group.WriteAsync<DateTime>(CreatedUtc, values.AsMemory(), cancellationToken: cancellationToken))
            .ConfigureAwait(false);

        Task TextAsync(DataField field, Func<DetectionResult, DetectedObject?, string?> value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ColumnAsync(value, values => group.WriteAsync(field, values!));
        }

        Task NumbersAsync<T>(DataField field, Func<DetectionResult, DetectedObject?, T?> value)
            where T : struct =>
            ColumnAsync(value, values => group.WriteAsync<T>(field, values.AsMemory(), cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Writes a column. Its values lie in an array that other columns use, too: half a megabyte each would be left to the collector.
    /// </summary>
    private async Task ColumnAsync<T>(Func<DetectionResult, DetectedObject?, T> value, Func<ArraySegment<T>, Task> writeAsync)
    {
        var values = ArrayPool<T>.Shared.Rent(_rows.Count);
        try
        {
            foreach (var (index, (result, detection)) in _rows.Index())
            {
                values[index] = value(result, detection);
            }

            await writeAsync(new ArraySegment<T>(values, 0, _rows.Count)).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<T>.Shared.Return(values, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }
    }
}
