using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>Listens to the meter: which instruments it has, and with which tags they measure.</summary>
internal sealed class InstrumentRecorder : IDisposable
{
    private readonly MeterListener _listener = new();

    public InstrumentRecorder()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == PipelineTelemetry.Name)
            {
                Instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(Note);
        _listener.SetMeasurementEventCallback<int>(Note);
        _listener.SetMeasurementEventCallback<double>(Note);
        _listener.Start();

        // The instruments are made when the class is first used, which nothing in this process need have done.
        RuntimeHelpers.RunClassConstructor(typeof(PipelineTelemetry).TypeHandle);
    }

    /// <summary>Instruments by name.</summary>
    public ConcurrentDictionary<string, Instrument> Instruments { get; } = new();

    /// <summary>Of each instrument that measured: the values of its one tag; those without a tag under the empty key.</summary>
    public ConcurrentDictionary<(string Instrument, string Tag), ConcurrentBag<string>> Tags { get; } = new();

    /// <summary>What was measured last.</summary>
    public ConcurrentDictionary<string, double> Last { get; } = new();

    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        Last[instrument.Name] = Convert.ToDouble(value, null);
        Assert.InRange(tags.Length, 0, 1);
        var (tag, text) = tags.Length == 0 ? (string.Empty, string.Empty) : (tags[0].Key, tags[0].Value?.ToString() ?? string.Empty);
        Tags.GetOrAdd((instrument.Name, tag), _ => []).Add(text);
    }
}
