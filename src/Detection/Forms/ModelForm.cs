using System.Text.Json.Serialization;

namespace Nanodet.Detection.Forms;

/// <summary>
/// One of the files that a version of a model may have: the same weights, in the precision and the order of operators that fit a kind of
/// processor. The name of a form is part of its file's name.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelForm>))]
public enum ModelForm
{
    /// <summary>Float32, laid out for the kernels of CPUs. Every version has it; it runs everywhere.</summary>
    [JsonStringEnumMemberName("cpu-fp32")]
    CpuFloat32,

    /// <summary>8 bits: for CPUs on which that is faster, which a measurement on the CPU itself decides.</summary>
    [JsonStringEnumMemberName("cpu-int8")]
    CpuInt8,

    /// <summary>Float32 with the layers of the official code, without the layout for CPUs: fewer launches on a GPU.</summary>
    [JsonStringEnumMemberName("gpu-fp32")]
    GpuFloat32,

    /// <summary>Half precision with the layers of the official code: for GPUs.</summary>
    [JsonStringEnumMemberName("gpu-fp16")]
    GpuFloat16,
}
