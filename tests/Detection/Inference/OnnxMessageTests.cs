using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>Messages as ONNX Runtime 1.31 gave them.</summary>
public sealed class OnnxMessageTests
{
    [Theory]
    [InlineData(
        "[ErrorCode:Fail] [ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:187 Parse Failed to parse provider option \"device_id\": "
        + "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=worker ; file=/onnxruntime_src/a/b.cc ; line=3 ; expr=cudaGetDeviceCount(&n); ",
        "Failed to parse provider option \"device_id\": CUDA failure 100: no CUDA-capable device is detected")]
    [InlineData(
        "[ErrorCode:RuntimeException] /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 "
        + "std::conditional_t<THRW, void, common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, SUCCTYPE) [with ERRTYPE = cudaError; bool THRW = true] "
        + "CUDA failure 2: out of memory ; GPU=0 ; hostname=worker ; file=/onnxruntime_src/c.cc ; line=1 ; expr=cudaMalloc((void**)&p, size);",
        "CUDA failure 2: out of memory")]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions for input: data\n index: 2 Got: 5 Expected: 64", "Got invalid dimensions for input: data index: 2 Got: 5 Expected: 64")]
    [InlineData("a plain sentence with a path /home/user/model.onnx", "a plain sentence with a path /home/user/model.onnx")]
    public void Clean_Message_SaysWhatHappenedAndNotWhereInTheSources(string message, string expected) =>
        Assert.Equal(expected, OnnxMessage.Clean(message));
}
